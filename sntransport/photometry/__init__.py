"""Bands, and what a series shows in them."""
