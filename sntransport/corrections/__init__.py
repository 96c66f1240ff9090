"""From a series to K- and S-corrections, rest-frame light curves, luminosity, and what lies beyond the data."""
