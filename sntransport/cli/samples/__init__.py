"""Commands on many objects at once: simulations and training sets."""
