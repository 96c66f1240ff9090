"""Ground, private: what every value object can do: stay read-only, show itself, become an object of another package."""
