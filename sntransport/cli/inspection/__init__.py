"""Commands that say what there is: in a file, among the bands, among the keys of a configuration."""
