"""Exhaustively trained spaces: the file, how it is built, and what it says of rankings."""
