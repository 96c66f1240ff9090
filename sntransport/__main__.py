"""``python -m sntransport``."""

from sntransport.cli.main import main

main()
