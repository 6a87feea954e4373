"""The study folder: the only state of a search."""
