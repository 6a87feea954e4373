"""Tiles of queries by keys: what a plan is made of.

Tiles are large enough to hide the overhead of a call, and small enough for a CPU's cache.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from nas.attention.pieces.entries import Entries

NUM_QUERIES = 64
"""Most queries in a tile; a window of w keys costs w + queries - 1 scores per query."""

MOST_KEYS = 1024
"""Most keys in a tile; longer rows are cut, and the online softmax joins them."""

MOST_SCORES = 1 << 19
"""Most scores computed at once over classes, heads and sequences: 2 MiB in float32, which a processor's cache holds."""

_TILE_BYTES = 1024
"""About what a tile takes without its bias, in bytes."""


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

    def scores(self, q: Tensor, k: Tensor, scale: float = 1.0, out: Tensor | None = None) -> Tensor:
        """scale * q k^T with the bias, all by the product itself, shape (sequences * classes, queries, keys).

        Args:
            q: what `queries` takes.
            k: what `keys` takes.
            scale: factor on the products.
            out: where the scores are written; None for a new tensor.
        """
        if self.bias is None:
            return torch.baddbmm(q.new_zeros(()), q, k.mT, beta=0, alpha=scale, out=out)
        bias = self.bias if len(self.bias) == 1 else self.bias.repeat(len(q) // len(self.bias), 1, 1)
        return torch.baddbmm(bias, q, k.mT, alpha=scale, out=out)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Tiles that read the sequence in the same way.

    Args:
        step: number of residue classes; 1 for the sequence in its own order.
        tiles: in any order; together they contain every pair of the part exactly once.
    """

    step: int
    tiles: tuple[Tile, ...]

    def pieces(self, num_sequences: int) -> Iterator[tuple[slice, Tile]]:
        """Every tile for every sequence, as many sequences at a time as MOST_SCORES allows."""
        for tile in self.tiles:
            num_turns = -(-num_sequences // max(1, MOST_SCORES // tile.num_scores))
            edges = [turn * num_sequences // num_turns for turn in range(num_turns + 1)]
            for start, stop in pairwise(edges):
                yield slice(start, stop), tile


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """How one head pattern runs at one length.

    Args:
        parts: disjoint; together they contain, exactly once, every pair that is visible regardless of content.
        memory: the queries by the rows of the memory, which every query sees; no tiles if there is no memory.
        block: length of the blocks that queries choose by content (`routing`), in tokens; 0 if they choose nothing.
        one_tile: whether all keys of each query are in one tile, so that no softmax has to be joined (`once`).
    """

    parts: tuple[Part, ...]
    memory: Part
    block: int
    one_tile: bool = False

    @property
    def num_scores(self) -> int:
        """Scores computed in a forward pass, masked ones included and chosen ones not, for one head of one sequence."""
        return sum(tile.num_scores for tile in self._tiles())

    @property
    def num_bytes(self) -> int:
        """About the memory that it takes: that of its tiles, and of their biases, each counted once."""
        biases = {id(tile.bias): tile.bias.nbytes for tile in self._tiles() if tile.bias is not None}
        return sum(biases.values()) + _TILE_BYTES * sum(1 for _ in self._tiles())

    @property
    def num_folds(self) -> int:
        """Parts for which all sequences are folded, and what was found is unfolded."""
        return sum(part.step > 1 for part in self.parts)

    def num_calls(self, num_sequences: int) -> int:
        """How often a tile is computed in a pass over this many sequences."""
        return sum(1 for part in (*self.parts, self.memory) for _ in part.pieces(num_sequences))

    def _tiles(self) -> Iterator[Tile]:
        return (tile for part in (*self.parts, self.memory) for tile in part.tiles)
