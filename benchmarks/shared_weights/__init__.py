"""Weights that all patterns share, and how well they rank them; a package of the benchmark, not of the product."""
