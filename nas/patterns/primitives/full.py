"""`full`: every key."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nas.patterns.arrays import Array, Positions
from nas.patterns.primitives.base import MaskPrimitive, Primitive
from nas.patterns.primitives.mask_context import MaskContext
from nas.patterns.primitives.scale import Scale
from nas.patterns.primitives.support import Support


@dataclass(frozen=True, slots=True)
class Full(MaskPrimitive):
    """Every query sees every key.

    Source: Vaswani et al. 2017, section 3.2.
    """

    kind: ClassVar[str] = "full"
    shows_self: ClassVar[bool] = True

    def label(self, causal: bool) -> str:
        return "full"

    def words(self, causal: bool) -> str:
        return "every key"

    def scaled(self, scale: Scale) -> "Full":
        return self

    def visible(self, query: Array, key: Array, context: MaskContext) -> Array:
        return (query >= 0) & (key >= 0)  # every pair: no position is negative

    def allows(self, query: int, key: int, context: MaskContext) -> bool:
        return True

    def support(self, context: MaskContext) -> Support:
        return Support(queries=np.ones(context.num_tokens, dtype=np.bool_))

    def last_query(self, context: MaskContext) -> Positions:
        return np.full(context.num_tokens, context.num_tokens - 1, dtype=np.int64)

    def covers(self, other: Primitive, causal: bool) -> bool:
        return True
