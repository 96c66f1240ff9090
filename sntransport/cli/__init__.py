"""The command line: a room a subject, a file a command; `main` puts them together."""
