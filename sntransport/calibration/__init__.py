"""From a `Supernova` to its sparse, calibrated series."""
