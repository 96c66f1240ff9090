"""The nouns: supernovae and what was observed of them, sightlines and dust, spectral series and their file."""
