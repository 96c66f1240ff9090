"""The command line: a file a command; `console` is what they share."""
