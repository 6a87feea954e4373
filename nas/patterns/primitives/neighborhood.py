"""`neighborhood`: a rectangle of the grid around each query."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nas.errors import PatternError
from nas.patterns.arrays import Array, Positions
from nas.patterns.primitives.base import Grid, MaskPrimitive, Primitive, require_grid, require_int
from nas.patterns.primitives.mask_context import MaskContext
from nas.patterns.primitives.scale import Scale
from nas.patterns.primitives.support import Box, Support
from nas.patterns.primitives.window import Window
from nas.patterns.primitives.wording import counted


@dataclass(frozen=True, slots=True)
class Neighborhood(MaskPrimitive):
    """Each query sees the rectangle around itself, cut at the edges of the grid.

    Args:
        height: rows of the rectangle, odd.
        width: columns of the rectangle, odd.

    Source: Hassani et al. 2023 (NATTEN), section 3.1, where the rectangle is moved inwards at an edge instead of cut.
    """

    height: int
    width: int

    kind: ClassVar[str] = "neighborhood"
    shows_self: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            require_int(name, getattr(self, name), 1)
            if getattr(self, name) % 2 == 0:
                raise PatternError(name, "must be odd, with the query in the middle", getattr(self, name))

    def needs(self, causal: bool, grid: Grid) -> None:
        require_grid(self.kind, grid)

    def label(self, causal: bool) -> str:
        return f"n{self.height}x{self.width}"

    def words(self, causal: bool) -> str:
        return f"{counted(self.height, 'row')} by {counted(self.width, 'column')} around the query"

    def scaled(self, scale: Scale) -> "Neighborhood":
        rows, columns = (scale.side(name, side // 2) for name, side in (("height", self.height), ("width", self.width)))
        return Neighborhood(2 * rows + 1, 2 * columns + 1)

    def visible(self, query: Array, key: Array, context: MaskContext) -> Array:
        columns = context.num_columns
        near_rows = abs(query // columns - key // columns) <= self.height // 2
        near_columns = abs(query % columns - key % columns) <= self.width // 2
        seen: Array = near_rows & near_columns
        return seen

    def allows(self, query: int, key: int, context: MaskContext) -> bool:
        (row, column), (key_row, key_column) = divmod(query, context.num_columns), divmod(key, context.num_columns)
        rows = range(row - self.height // 2, row + self.height // 2 + 1)
        columns = range(column - self.width // 2, column + self.width // 2 + 1)
        return key_row in rows and key_column in columns

    def support(self, context: MaskContext) -> Support:
        return Support(boxes=(self._box(context),))

    def last_query(self, context: MaskContext) -> Positions:
        return self._box(context).last_tokens()

    def simplified(self, causal: bool) -> Primitive:
        return Window(0) if self.height == self.width == 1 else self

    def covers(self, other: Primitive, causal: bool) -> bool:
        if isinstance(other, Neighborhood):
            return other.height <= self.height and other.width <= self.width
        return MaskPrimitive.covers(self, other, causal)

    def _box(self, context: MaskContext) -> Box:
        row, column = context.axes()
        return Box(*_around(row, self.height // 2), *_around(column, self.width // 2), split=False)


def _around(place: Positions, reach: int) -> tuple[Positions, Positions]:
    return np.maximum(place - reach, 0), np.minimum(place + reach + 1, len(place))
