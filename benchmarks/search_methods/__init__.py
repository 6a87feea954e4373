"""The search methods that are compared on a table, and what judges them; a package of the benchmarks."""
