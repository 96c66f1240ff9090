"""What files of all kinds have in common: how text, numbers, units, dates and names of columns are written."""
