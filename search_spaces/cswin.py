"""CSWin: some heads see a stripe of rows, the others a stripe of columns."""

from dataclasses import dataclass
from typing import ClassVar

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Stripe
from nas.space.checks import require_heads, require_numbers
from nas.space.choices import Choice, layer_scopes, split_heads
from nas.space.needs import Needs
from nas.space.scaling import powers, quarters
from nas.space.space import Shape, Suggester


@dataclass(frozen=True, kw_only=True)
class CSWin:
    """Width and head split are drawn for every layer.

    Args:
        stripe_width: rows, or columns, of a stripe; None for the powers of two from 1 to the longer side of the
            grid. A stripe as wide as the grid is full attention.
        growing: sort the drawn widths in ascending order, so that no layer's stripes are narrower than those before
            (CSWin, section 3.2).
        num_row_heads: heads with stripes of rows; None for every quarter of the heads from none to all.

    Raises:
        InputError: a list is empty, or a value is repeated or out of range.
    """

    stripe_width: list[int] | None = None
    growing: bool = False
    num_row_heads: list[int] | None = None

    needs: ClassVar[Needs] = Needs(grid=True)
    baselines: ClassVar[tuple[str, ...]] = ("full", "cswin", "swin", "neighborhood")

    def __post_init__(self) -> None:
        require_numbers("stripe_width", self.stripe_width, at_least=1)
        require_numbers("num_row_heads", self.num_row_heads, at_least=0)

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values; InputError if the shape has no grid."""
        self.needs.check("space=cswin", shape)
        assert shape.grid is not None
        require_heads("num_row_heads", self.num_row_heads, shape)
        scopes = layer_scopes(suggest, shape)
        offered = self.stripe_width or powers(2, 1, max(shape.grid))
        widths = [Choice(offered).draw(layer, "stripe_width") for layer in scopes]
        if self.growing:
            widths.sort()
        return shape.pattern([self._layer(layer, shape, width) for layer, width in zip(scopes, widths, strict=True)])

    def _layer(self, suggest: Suggester, shape: Shape, width: int) -> tuple[HeadGroup, ...]:
        num_rows = Choice(self.num_row_heads or quarters(shape.num_heads)).draw(suggest, "num_row_heads")
        return split_heads(shape.num_heads, num_rows, (Stripe("column", width),), (Stripe("row", width),))
