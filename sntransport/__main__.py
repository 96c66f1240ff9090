"""``python -m sntransport``."""

from sntransport.cli import main

main()
