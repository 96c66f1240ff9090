"""The version, in a module of its own: nothing in the package has to import the package itself."""

__version__ = "0.1.0"
