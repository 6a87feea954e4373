"""NATTEN: a box of the grid around every query."""

from dataclasses import dataclass
from typing import ClassVar

from nas.errors import InputError
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Neighborhood
from nas.space.checks import require_heads, require_numbers
from nas.space.choices import Choice, each_layer, split_heads
from nas.space.needs import Needs
from nas.space.scaling import odd_at_most, quarters
from nas.space.space import Shape, Suggester


@dataclass(frozen=True, kw_only=True)
class Natten:
    """Box and head split are drawn for every layer.

    Args:
        box_rows: rows of the box, odd; None for the odd numbers from 3 to the rows of the grid.
        box_columns: columns of the box, odd; None for the odd numbers from 3 to the columns of the grid.
        num_full_heads: heads that see the whole grid; None for every quarter of the heads from none to all.

    Raises:
        InputError: a list is empty, or a value is repeated, even or out of range.
    """

    box_rows: list[int] | None = None
    box_columns: list[int] | None = None
    num_full_heads: list[int] | None = None

    needs: ClassVar[Needs] = Needs(grid=True)
    baselines: ClassVar[tuple[str, ...]] = ("full", "neighborhood", "swin", "cswin")

    def __post_init__(self) -> None:
        require_numbers("num_full_heads", self.num_full_heads, at_least=0)
        for name in ("box_rows", "box_columns"):
            require_numbers(name, getattr(self, name), at_least=1)
            if any(size % 2 == 0 for size in getattr(self, name) or []):
                raise InputError(name, "must hold odd numbers, with the query in the middle", getattr(self, name))

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values; InputError if the shape has no grid."""
        self.needs.check("space=neighborhood", shape)
        require_heads("num_full_heads", self.num_full_heads, shape)
        return each_layer(suggest, shape, lambda layer: self._layer(layer, shape))

    def _layer(self, suggest: Suggester, shape: Shape) -> tuple[HeadGroup, ...]:
        assert shape.grid is not None
        rows, columns = (list(range(3, odd_at_most(side) + 1, 2)) for side in shape.grid)
        height = Choice(self.box_rows or rows).draw(suggest, "box_rows")
        width = Choice(self.box_columns or columns).draw(suggest, "box_columns")
        num_full = Choice(self.num_full_heads or quarters(shape.num_heads)).draw(suggest, "num_full_heads")
        return split_heads(shape.num_heads, num_full, (Neighborhood(height, width),), (Full(),))
