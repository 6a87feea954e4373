"""SST and Swin: regions of a grid, shifted in some layers; a query sees its own region."""

from dataclasses import dataclass, field
from typing import ClassVar

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Tile
from nas.space.checks import require_numbers, require_options
from nas.space.choices import Choice, each_layer
from nas.space.needs import Needs
from nas.space.scaling import powers
from nas.space.space import Shape, Suggester


@dataclass(frozen=True, kw_only=True)
class SST:
    """Region and shift are drawn for every layer; all layers have the grid's full resolution.

    Args:
        region_rows: rows of a region; None for the powers of two from 2 to the rows of the grid.
        region_columns: columns of a region; None for the powers of two from 2 to the columns of the grid.
        shifted: whether the regions are moved by half of their rows and columns.

    Raises:
        InputError: a list is empty, or a value is repeated or out of range.
    """

    region_rows: list[int] | None = None
    region_columns: list[int] | None = None
    shifted: list[bool] = field(default_factory=lambda: [False, True])

    needs: ClassVar[Needs] = Needs(grid=True)
    baselines: ClassVar[tuple[str, ...]] = ("full", "sst", "swin", "neighborhood")

    def __post_init__(self) -> None:
        require_numbers("region_rows", self.region_rows, at_least=1)
        require_numbers("region_columns", self.region_columns, at_least=1)
        require_options("shifted", self.shifted)

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values; InputError if the shape has no grid."""
        self.needs.check("space=sst", shape)
        return each_layer(suggest, shape, lambda layer: self._layer(layer, shape))

    def _layer(self, suggest: Suggester, shape: Shape) -> tuple[HeadGroup, ...]:
        assert shape.grid is not None
        rows, columns = (powers(2, 2, max(2, side)) for side in shape.grid)
        height = Choice(self.region_rows or rows).draw(suggest, "region_rows")
        width = Choice(self.region_columns or columns).draw(suggest, "region_columns")
        shifted = Choice(self.shifted).draw(suggest, "shifted")
        shift = (height // 2, width // 2) if shifted else (0, 0)
        return (HeadGroup(shape.num_heads, (Tile(height, width, *shift),)),)
