"""How far off a rebuilt spectrum and its photometry are."""
