"""Attention patterns: primitives, heads, layers and models; their file, labels, counts and drawings."""
