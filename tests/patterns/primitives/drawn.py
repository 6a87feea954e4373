"""Masks drawn with characters: # where a query (down) sees a key (to the right), before the causal cut."""

from collections.abc import Callable

import numpy as np
import pytest

from nas.errors import PatternError
from nas.patterns.primitives import MaskPrimitive
from nas.patterns.primitives.mask_context import MaskContext

Grid = tuple[int, int]


def drawn(primitive: MaskPrimitive, num_tokens: int) -> list[str]:
    """The whole mask, one line a query."""
    token = np.arange(num_tokens)
    return _lines(primitive.visible(token[:, None], token[None, :], MaskContext(num_tokens, causal=False)))


def drawn_on_grid(primitive: MaskPrimitive, grid: Grid, row: int, column: int) -> list[str]:
    """What the query at one place sees, one line a row of the grid."""
    num_tokens, query = grid[0] * grid[1], np.array(row * grid[1] + column)
    context = MaskContext(num_tokens, causal=False, grid=grid)
    return _lines(primitive.visible(query, np.arange(num_tokens), context).reshape(grid))


def error(make: Callable[[], object]) -> str:
    """The line in which a PatternError refuses this."""
    with pytest.raises(PatternError) as caught:
        make()
    return str(caught.value)


def _lines(mask: np.ndarray) -> list[str]:
    return ["".join(".#"[seen] for seen in line) for line in mask.astype(int)]
