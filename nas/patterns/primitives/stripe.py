"""`stripe`: the grid in bands of rows or columns; a query sees its own band."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nas.errors import PatternError
from nas.patterns.arrays import Array, Positions
from nas.patterns.primitives.base import Grid, MaskPrimitive, require_grid, require_int
from nas.patterns.primitives.mask_context import MaskContext
from nas.patterns.primitives.scale import Scale
from nas.patterns.primitives.support import Box, Support
from nas.patterns.primitives.wording import counted

AXES = ("row", "column")


@dataclass(frozen=True, slots=True)
class Stripe(MaskPrimitive):
    """The grid is cut into stripes of `width` rows (or columns); a query sees its own stripe, all along.

    Args:
        axis: "row" for horizontal stripes, "column" for vertical ones.
        width: rows or columns in a stripe, 1 or more; the last stripe may be narrower.

    Source: Dong et al. 2022 (CSWin), section 3.2.
    """

    axis: str
    width: int

    kind: ClassVar[str] = "stripe"
    shows_self: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.axis not in AXES:
            raise PatternError("axis", f"must be {' or '.join(AXES)}", self.axis)
        require_int("width", self.width, 1)

    def needs(self, causal: bool, grid: Grid) -> None:
        require_grid(self.kind, grid)

    def label(self, causal: bool) -> str:
        return f"{'rows' if self.axis == 'row' else 'cols'}{self.width}"

    def words(self, causal: bool) -> str:
        return f"own stripe of {counted(self.width, self.axis)}"

    def scaled(self, scale: Scale) -> "Stripe":
        return Stripe(self.axis, scale.side("width", self.width))

    def visible(self, query: Array, key: Array, context: MaskContext) -> Array:
        columns = context.num_columns
        along_rows = self.axis == "row"
        place, other = (query // columns, key // columns) if along_rows else (query % columns, key % columns)
        seen: Array = place // self.width == other // self.width
        return seen

    def allows(self, query: int, key: int, context: MaskContext) -> bool:
        along = 0 if self.axis == "row" else 1
        stripes = [divmod(token, context.num_columns)[along] // self.width for token in (query, key)]
        return stripes[0] == stripes[1]

    def support(self, context: MaskContext) -> Support:
        return Support(boxes=(self._box(context),))

    def last_query(self, context: MaskContext) -> Positions:
        return self._box(context).last_tokens()

    def _box(self, context: MaskContext) -> Box:
        row, column = context.axes()
        along_rows = self.axis == "row"
        return Box(
            *_stretch(row, self.width if along_rows else len(row)),
            *_stretch(column, len(column) if along_rows else self.width),
            split=True,
        )


def _stretch(place: Positions, size: int) -> tuple[Positions, Positions]:
    """Where along one axis each place's stripe starts and stops."""
    start = place // size * size
    return start, np.minimum(start + size, len(place))
