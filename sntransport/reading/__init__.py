"""From files to a `Supernova`."""
