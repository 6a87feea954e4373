"""Synthetic sequences whose answer must be computed."""
