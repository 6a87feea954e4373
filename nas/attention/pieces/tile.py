"""Tiles of queries by keys: what a plan is made of.

Tiles are large enough to hide the overhead of a call, and small enough for a CPU's cache.
"""

from dataclasses import dataclass

from torch import Tensor

from nas.attention.pieces.entries import Entries

NUM_QUERIES = 128
"""Most queries in a tile; a window of w keys costs w + queries - 1 scores per query."""

LONG = 2048
"""From this many tokens on, fewer calls matter more than the scores that larger tiles add (docs/attention.md)."""

MOST_KEYS = 1024
"""Most keys in a tile; longer rows are cut, and the online softmax joins them."""

MOST_SCORES = 1 << 20
"""Most scores computed at once over classes, heads and sequences: 4 MiB in float32."""


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """Scores that are computed together: in each class, some queries by some keys.

    Args:
        queries: the entries of the queries.
        keys: the entries of the keys, of as many classes.
        num_scores: classes * queries * keys.
        bias: 0 where a query sees a key in this part and in no earlier one, -inf elsewhere; shape
            (classes or 1, queries, keys). None if every score counts.
    """

    queries: Entries
    keys: Entries
    num_scores: int
    bias: Tensor | None


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Tiles that read the sequence in the same way.

    Args:
        step: number of residue classes; 1 for the sequence in its own order.
        tiles: in any order; together they contain every pair of the part exactly once.
    """

    step: int
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """How one head pattern runs at one length.

    Args:
        parts: disjoint; together they contain, exactly once, every pair that is visible regardless of content.
        memory: the queries by the rows of the memory, which every query sees; no tiles if there is no memory.
        block: length of the blocks that queries choose by content (`routing`), in tokens; 0 if they choose nothing.
    """

    parts: tuple[Part, ...]
    memory: Part
    block: int

    @property
    def num_scores(self) -> int:
        """Scores computed in a forward pass, masked ones included and chosen ones not, for one head of one sequence."""
        return sum(tile.num_scores for part in (*self.parts, self.memory) for tile in part.tiles)


def queries_in_tile(num_entries: int) -> int:
    """Queries in a tile of a sequence, or of a residue class, of this length."""
    return NUM_QUERIES if num_entries >= LONG else NUM_QUERIES // 2
