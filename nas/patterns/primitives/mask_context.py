"""The context of a mask: everything that a primitive's meaning depends on other than its parameters."""

from dataclasses import dataclass

import numpy as np

from nas.patterns.arrays import Positions


@dataclass(frozen=True, slots=True)
class MaskContext:
    """One head of one layer at one sequence length.

    Args:
        num_tokens: sequence length n, in tokens.
        causal: keep only keys at or before the query. Primitives may use it (a causal `random` row
            draws from earlier blocks); `HeadPattern` makes the cut j <= i itself.
        layer: index of the layer in the model, from 0.
        head: index of the head in its layer, from 0.
        grid: rows and columns of a 2-D input read row by row (rows * columns = n), or None.
    """

    num_tokens: int
    causal: bool
    layer: int = 0
    head: int = 0
    grid: tuple[int, int] | None = None

    @property
    def num_columns(self) -> int:
        """Columns of the grid; primitives that use it refuse patterns without a grid (`needs`)."""
        assert self.grid is not None
        return self.grid[1]

    def axes(self) -> tuple[Positions, Positions]:
        """The numbers of the grid's rows, shape (rows,), and of its columns, shape (columns,)."""
        assert self.grid is not None
        rows, columns = self.grid
        return np.arange(rows, dtype=np.int64), np.arange(columns, dtype=np.int64)
