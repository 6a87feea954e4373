"""Tokens as places of a grid that is read row by row."""

import numpy as np

from nas.patterns.primitives.mask_context import MaskContext
from nas.patterns.primitives.support import Box, Positions


def columns_of(context: MaskContext) -> int:
    """Columns of the grid; primitives that ask have made sure that there is one."""
    assert context.grid is not None
    return context.grid[1]


def tokens_by_axis(context: MaskContext) -> tuple[Positions, Positions]:
    """Row and column of every token, each of shape (n,)."""
    row, column = np.divmod(np.arange(context.num_tokens, dtype=np.int64), columns_of(context))
    return row, column


def box_ends(box: Box, context: MaskContext) -> Positions:
    """The last token of every box, shape (n,)."""
    ends: Positions = (box.row_stop - 1) * columns_of(context) + box.column_stop - 1
    return ends
