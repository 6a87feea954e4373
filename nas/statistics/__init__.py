"""Pareto fronts and rank agreement; all values are to be minimised."""
