"""Drawings of patterns, as PNG and as text."""
