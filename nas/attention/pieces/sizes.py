"""How large the pieces are: large enough to hide the overhead of a call, small enough for a CPU's cache."""

NUM_QUERIES = 128
"""Most queries in a tile; a window of w keys costs w + queries - 1 scores a query."""

LONG = 2048
"""From this many tokens on, fewer calls matter more than the scores that larger tiles add (docs/attention.md)."""

MOST_KEYS = 1024
"""Keys in a tile; longer rows are cut, and the online softmax joins them."""

MOST_SCORES = 1 << 20
"""Scores computed at once over classes, heads and sequences: 4 MiB in float32."""


def queries_in_tile(num_entries: int) -> int:
    """Queries in a tile of a sequence, or of a residue class, of this length."""
    return NUM_QUERIES if num_entries >= LONG else NUM_QUERIES // 2
