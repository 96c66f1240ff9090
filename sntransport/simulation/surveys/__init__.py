"""When, where and how deep a survey looked."""
