"""From series to a labeled training set, split by supernova."""
