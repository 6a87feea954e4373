"""Colours of the terminal."""

ACCENT = "color(31)"
"""A blue (#0087af) with a contrast of 4.1 to white and 5.1 to black, for both kinds of terminals. What is said never
depends on it: NO_COLOR and terminals without colours lose nothing. All else is bold or dim."""
