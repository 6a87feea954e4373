"""Exhaustively trained spaces: the table file, how it is built, and what it shows about rankings."""
