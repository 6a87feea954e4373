"""`tile`: the grid in rectangles; a query sees its own rectangle."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nas.patterns.arrays import Array, Positions
from nas.patterns.primitives.base import Grid, MaskPrimitive, Primitive, require_grid, require_int
from nas.patterns.primitives.mask_context import MaskContext
from nas.patterns.primitives.scale import Scale
from nas.patterns.primitives.support import Box, Support
from nas.patterns.primitives.window import Window
from nas.patterns.primitives.wording import counted


@dataclass(frozen=True, slots=True)
class Tile(MaskPrimitive):
    """The grid is cut into rectangles; a query sees its own.

    Args:
        height: rows of a tile, 1 or more.
        width: columns of a tile, 1 or more.
        shift_row: how far the cuts are moved towards the first row, in rows, 0 or more.
        shift_column: how far the cuts are moved towards the first column, in columns, 0 or more.

    Source: Liu et al. 2021 (Swin), section 3.2; Fan et al. 2022 (SST), section 3.
    """

    height: int
    width: int
    shift_row: int = 0
    shift_column: int = 0

    kind: ClassVar[str] = "tile"
    shows_self: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_int("height", self.height, 1)
        require_int("width", self.width, 1)
        require_int("shift_row", self.shift_row, 0)
        require_int("shift_column", self.shift_column, 0)

    def needs(self, causal: bool, grid: Grid) -> None:
        require_grid(self.kind, grid)

    def label(self, causal: bool) -> str:
        shifted = f"@{self.shift_row}x{self.shift_column}" if self.shift_row or self.shift_column else ""
        return f"t{self.height}x{self.width}{shifted}"

    def words(self, causal: bool) -> str:
        moved = f", cuts moved by {self.shift_row:,} and {self.shift_column:,}"
        cuts = moved if self.shift_row or self.shift_column else ""
        return f"own tile of {counted(self.height, 'row')} by {counted(self.width, 'column')}{cuts}"

    def scaled(self, scale: Scale) -> "Tile":
        return Tile(
            scale.side("height", self.height),
            scale.side("width", self.width),
            scale.side("shift_row", self.shift_row, at_least=0),
            scale.side("shift_column", self.shift_column, at_least=0),
        )

    def visible(self, query: Array, key: Array, context: MaskContext) -> Array:
        columns = context.num_columns
        same_rows = (query // columns + self.shift_row) // self.height == (
            key // columns + self.shift_row
        ) // self.height
        same_columns = (query % columns + self.shift_column) // self.width == (
            key % columns + self.shift_column
        ) // self.width
        seen: Array = same_rows & same_columns
        return seen

    def allows(self, query: int, key: int, context: MaskContext) -> bool:
        def tile_of(token: int) -> tuple[int, int]:
            row, column = divmod(token, context.num_columns)
            return (row + self.shift_row) // self.height, (column + self.shift_column) // self.width

        return tile_of(query) == tile_of(key)

    def support(self, context: MaskContext) -> Support:
        return Support(boxes=(self._box(context),))

    def last_query(self, context: MaskContext) -> Positions:
        return self._box(context).last_tokens()

    def simplified(self, causal: bool) -> Primitive:
        if self.height == self.width == 1:
            return Window(0)
        return Tile(self.height, self.width, self.shift_row % self.height, self.shift_column % self.width)

    def _box(self, context: MaskContext) -> Box:
        row, column = context.axes()
        return Box(
            *_stretch(row, self.height, self.shift_row),
            *_stretch(column, self.width, self.shift_column),
            split=True,
        )


def _stretch(place: Positions, size: int, shift: int) -> tuple[Positions, Positions]:
    """Where along one axis each place's tile starts and stops."""
    start = (place + shift) // size * size - shift
    return np.maximum(start, 0), np.minimum(start + size, len(place))
