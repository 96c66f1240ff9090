"""What the class of a supernova adds: mean series, their clocks, interpolation beside them."""
