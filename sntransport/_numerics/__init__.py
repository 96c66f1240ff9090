"""Ground, private: arrays checked once, units, running means, how numba compiles."""
