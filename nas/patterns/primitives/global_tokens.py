"""`global`: a few tokens that all queries see and that see all keys."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nas.errors import PatternError
from nas.patterns.arrays import Array, Flags, Positions
from nas.patterns.primitives.base import Grid, MaskPrimitive, Primitive, require_int
from nas.patterns.primitives.mask_context import MaskContext
from nas.patterns.primitives.scale import Scale
from nas.patterns.primitives.support import Support
from nas.patterns.primitives.wording import leading


@dataclass(frozen=True, slots=True)
class Global(MaskPrimitive):
    """The first and last tokens are seen by every query and see every key.

    Args:
        first: global tokens at the start, in tokens.
        last: global tokens at the end, in tokens; only where attention is not causal.

    Source: Beltagy et al. 2020 (Longformer), section 3.1; Zaheer et al. 2020 (BigBird), section 2.
    """

    first: int
    last: int = 0

    kind: ClassVar[str] = "global"
    shows_self: ClassVar[bool] = False

    def __post_init__(self) -> None:
        require_int("first", self.first, 0)
        require_int("last", self.last, 0)

    def needs(self, causal: bool, grid: Grid) -> None:
        if causal and self.last:
            raise PatternError("last", "must be 0 in a causal pattern", self.last, "Use first, or set causal to false.")

    def label(self, causal: bool) -> str:
        return f"g{self.first}/{self.last}" if self.last else f"g{self.first}"

    def words(self, causal: bool) -> str:
        ends = [("first", self.first), ("last", self.last)]
        return " and ".join(f"{end} {leading(number, 'token')}" for end, number in ends if number) + " global"

    def scaled(self, scale: Scale) -> "Global":
        return Global(
            scale.size("first", "first", self.first, below=scale.to_tokens),
            scale.size("first", "last", self.last, below=scale.to_tokens),
        )

    def visible(self, query: Array, key: Array, context: MaskContext) -> Array:
        tail = context.num_tokens - self.last
        return (key < self.first) | (key >= tail) | (query < self.first) | (query >= tail)

    def allows(self, query: int, key: int, context: MaskContext) -> bool:
        members = set(range(self.first)) | set(range(context.num_tokens - self.last, context.num_tokens))
        return key in members or query in members

    def support(self, context: MaskContext) -> Support:
        members = self._members(context)
        return Support(keys=members, queries=members)

    def last_query(self, context: MaskContext) -> Positions:
        members = self._members(context)
        last_member = int(np.flatnonzero(members)[-1]) if members.any() else -1
        return np.where(members, context.num_tokens - 1, last_member).astype(np.int64)

    def simplified(self, causal: bool) -> "Global | None":
        return self if self.first or self.last else None

    def covers(self, other: Primitive, causal: bool) -> bool:
        return isinstance(other, Global) and other.first <= self.first and other.last <= self.last

    def _members(self, context: MaskContext) -> Flags:
        token = np.arange(context.num_tokens)
        return (token < self.first) | (token >= context.num_tokens - self.last)
