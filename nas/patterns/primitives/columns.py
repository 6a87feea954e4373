"""`columns`: the same keys for every query, a few at the end of each stretch."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nas.errors import PatternError
from nas.patterns.arrays import Array, Flags, Positions
from nas.patterns.primitives.base import MaskPrimitive, Primitive, require_int
from nas.patterns.primitives.mask_context import MaskContext
from nas.patterns.primitives.scale import Scale
from nas.patterns.primitives.support import Support


@dataclass(frozen=True, slots=True)
class Columns(MaskPrimitive):
    """The last `width` keys of every stretch of `every` tokens are seen by all queries.

    Args:
        every: length of a stretch, in tokens, 2 or more.
        width: summary keys at its end, in tokens, 1 or more and less than `every`.

    Source: Child et al. 2019 (Sparse Transformer), section 4.3, fixed attention (l = every, c = width).
    """

    every: int
    width: int

    kind: ClassVar[str] = "columns"
    shows_self: ClassVar[bool] = False

    def __post_init__(self) -> None:
        require_int("every", self.every, 2)
        require_int("width", self.width, 1)
        if self.width >= self.every:
            raise PatternError(
                "width", f"must be less than every ({self.every})", self.width, "Use full to see all keys."
            )

    def label(self, causal: bool) -> str:
        return f"c{self.width}of{self.every}"

    def words(self, causal: bool) -> str:
        last = f"last {self.width:,}" if self.width > 1 else "last"
        return f"{last} of every {self.every:,} keys"

    def scaled(self, scale: Scale) -> "Columns":
        every = scale.size("stride", "every", self.every, at_least=2)
        return Columns(every, scale.size("stride", "width", self.width, below=every))

    def visible(self, query: Array, key: Array, context: MaskContext) -> Array:
        every_query = query >= 0  # FlexAttention's compiler accepts this broadcast, unlike expand_as
        return every_query & (key % self.every >= self.every - self.width)

    def allows(self, query: int, key: int, context: MaskContext) -> bool:
        return key % self.every >= self.every - self.width

    def support(self, context: MaskContext) -> Support:
        return Support(keys=self._members(context))

    def last_query(self, context: MaskContext) -> Positions:
        return np.where(self._members(context), context.num_tokens - 1, -1).astype(np.int64)

    def covers(self, other: Primitive, causal: bool) -> bool:
        return isinstance(other, Columns) and other.every == self.every and other.width <= self.width

    def _members(self, context: MaskContext) -> Flags:
        return np.arange(context.num_tokens) % self.every >= self.every - self.width
