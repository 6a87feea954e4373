"""Synthetic sequences that ask for what was seen before."""
