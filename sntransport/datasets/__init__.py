"""Training sets: simulated light curves in the formats that classifiers read, one module a format."""
