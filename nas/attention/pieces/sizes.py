"""How large the pieces are: large enough to hide the overhead of a call, small enough for a CPU's cache."""

NUM_QUERIES = 64
"""Queries in a tile; a window of w keys costs w + NUM_QUERIES - 1 scores a query."""

MOST_KEYS = 1024
"""Keys in a tile; longer rows are cut, and the online softmax joins them."""

MOST_SCORES = 1 << 20
"""Scores computed at once over classes, heads and sequences: 4 MiB in float32."""
