"""How the pairs of a sequence are cut into blocks of queries and keys."""

from dataclasses import dataclass

import numpy as np

from nas.errors import PatternError
from nas.patterns.arrays import Positions


@dataclass(frozen=True, slots=True)
class Tiling:
    """Blocks of `block_q` queries and `block_k` keys; the last of each kind may be shorter.

    Keys are the rows of the memory, numbered from -memory_rows, followed by those of the sequence, numbered from 0.
    The first block of keys starts at the first row of the memory.

    Args:
        num_tokens: sequence length n, in tokens.
        block_q: queries in a block.
        block_k: keys in a block.
        memory_rows: rows of the previous segment in front of the keys; a head may see fewer of them, not more.

    Raises:
        PatternError: a number is below 1, or `memory_rows` below 0.
    """

    num_tokens: int
    block_q: int = 128
    block_k: int = 128
    memory_rows: int = 0

    def __post_init__(self) -> None:
        for name, least in (("num_tokens", 1), ("block_q", 1), ("block_k", 1), ("memory_rows", 0)):
            if getattr(self, name) < least:
                raise PatternError(name, f"must be {least} or more", getattr(self, name))

    @property
    def num_rows(self) -> int:
        """Blocks of queries."""
        return -(-self.num_tokens // self.block_q)

    @property
    def num_columns(self) -> int:
        """Blocks of keys."""
        return -(-(self.memory_rows + self.num_tokens) // self.block_k)

    def queries(self, rows: slice) -> slice:
        """The queries of some rows of blocks, given as a slice with both ends."""
        return slice(rows.start * self.block_q, min(rows.stop * self.block_q, self.num_tokens))

    def query_edges(self, rows: slice) -> tuple[Positions, Positions]:
        """The first query of each row of blocks and the one past its last, each of shape (rows, 1)."""
        first = np.arange(rows.start, rows.stop, dtype=np.int64)[:, None] * self.block_q
        return first, np.minimum(first + self.block_q, self.num_tokens)

    def key_edges(self) -> tuple[Positions, Positions]:
        """The first key of each column of blocks and the one past its last, each of shape (columns,)."""
        first = np.arange(self.num_columns, dtype=np.int64) * self.block_k - self.memory_rows
        return first, np.minimum(first + self.block_k, self.num_tokens)

    def own_key_edges(self) -> tuple[Positions, Positions]:
        """`key_edges` without the rows of the memory; equal where a block holds nothing else."""
        first, stop = self.key_edges()
        return np.maximum(first, 0), np.maximum(stop, 0)
