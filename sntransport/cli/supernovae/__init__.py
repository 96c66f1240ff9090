"""Commands from a supernova to its series, and from a series to what it shows."""
