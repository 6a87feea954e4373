"""`stride`: every s-th key, counted from the query."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nas.patterns.arrays import Array, Positions
from nas.patterns.primitives.base import MaskPrimitive, Primitive, require_int
from nas.patterns.primitives.mask_context import MaskContext
from nas.patterns.primitives.scale import Scale
from nas.patterns.primitives.support import Progression, Support
from nas.patterns.primitives.window import Window
from nas.patterns.primitives.wording import ordinal


@dataclass(frozen=True, slots=True)
class Stride(MaskPrimitive):
    """Each query sees the keys at multiples of `every` from itself.

    Args:
        every: distance between visible keys, in tokens, 2 or more.

    Source: Child et al. 2019 (Sparse Transformer), section 4.3, strided attention.
    """

    every: int

    kind: ClassVar[str] = "stride"
    shows_self: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_int("every", self.every, 2)

    def label(self, causal: bool) -> str:
        return f"s{self.every}"

    def words(self, causal: bool) -> str:
        return f"every {ordinal(self.every)} key from the query"

    def scaled(self, scale: Scale) -> "Stride":
        return Stride(scale.size("stride", "every", self.every, at_least=2))

    def visible(self, query: Array, key: Array, context: MaskContext) -> Array:
        seen: Array = (query - key) % self.every == 0
        return seen

    def allows(self, query: int, key: int, context: MaskContext) -> bool:
        return (query - key) % self.every == 0

    def support(self, context: MaskContext) -> Support:
        return Support(progressions=(Progression(self.every, context.num_tokens, context.num_tokens),))

    def last_query(self, context: MaskContext) -> Positions:
        key = np.arange(context.num_tokens, dtype=np.int64)
        return key + (context.num_tokens - 1 - key) // self.every * self.every

    def covers(self, other: Primitive, causal: bool) -> bool:
        if isinstance(other, Stride):
            return other.every % self.every == 0
        on_our_keys = isinstance(other, Window) and other.dilation % self.every == 0
        return on_our_keys or MaskPrimitive.covers(self, other, causal)
