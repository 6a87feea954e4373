"""`window`: neighbours of the query, with gaps if dilated."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nas.patterns.arrays import Array, Positions
from nas.patterns.primitives.base import MaskPrimitive, Primitive, require_int
from nas.patterns.primitives.mask_context import MaskContext
from nas.patterns.primitives.scale import Scale
from nas.patterns.primitives.support import Band, Progression, Support
from nas.patterns.primitives.wording import counted, ordinal


@dataclass(frozen=True, slots=True)
class Window(MaskPrimitive):
    """Each query sees itself and its neighbours, counted in keys.

    Args:
        before: earlier keys, in keys (a causal window of w keys, itself included, has before = w - 1).
        after: later keys, in keys.
        dilation: distance between neighbouring keys, in tokens; the window reaches before * dilation back.

    Source: Beltagy et al. 2020 (Longformer), section 3.1; Child et al. 2019, the local part.
    """

    before: int
    after: int = 0
    dilation: int = 1

    kind: ClassVar[str] = "window"
    shows_self: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_int("before", self.before, 0)
        require_int("after", self.after, 0)
        require_int("dilation", self.dilation, 1)

    def label(self, causal: bool) -> str:
        keys = str(self.before + 1) if causal else f"{self.before}/{self.after}"
        return f"w{keys}d{self.dilation}" if self.dilation > 1 else f"w{keys}"

    def words(self, causal: bool) -> str:
        keys = counted(self.before + 1, "key") if causal else f"{self.before:,} keys before, {self.after:,} after"
        return f"window of {keys}" + (f", every {ordinal(self.dilation)}" if self.dilation > 1 else "")

    def scaled(self, scale: Scale) -> "Window":
        if not self.before and not self.after:
            return self  # itself, at every length
        if scale.causal and not self.after:
            return Window(scale.size("window", "before", self.before + 1, at_least=2) - 1, 0, self.dilation)
        before, after = (
            scale.size("window", name, keys) for name, keys in (("before", self.before), ("after", self.after))
        )
        return Window(before, after, self.dilation)

    def visible(self, query: Array, key: Array, context: MaskContext) -> Array:
        behind = query - key
        inside = (behind <= self.before * self.dilation) & (behind >= -self.after * self.dilation)
        seen: Array = inside & (behind % self.dilation == 0) if self.dilation > 1 else inside
        return seen

    def allows(self, query: int, key: int, context: MaskContext) -> bool:
        earlier = any(query - key == self.dilation * k for k in range(self.before + 1))
        later = any(key - query == self.dilation * k for k in range(1, self.after + 1))
        return earlier or later

    def support(self, context: MaskContext) -> Support:
        n = context.num_tokens
        before, after = min(self.before, n), min(self.after, n)
        if self.dilation > 1:
            return Support(progressions=(Progression(self.dilation, before, after),))
        query = np.arange(n, dtype=np.int64)
        return Support(bands=(Band(np.maximum(query - before, 0), np.minimum(query + after + 1, n)),))

    def last_query(self, context: MaskContext) -> Positions:
        n = context.num_tokens
        key = np.arange(n, dtype=np.int64)
        steps: Positions = np.minimum((n - 1 - key) // self.dilation, min(self.before, n))
        return key + steps * self.dilation

    def simplified(self, causal: bool) -> Primitive:
        before, after = self.before, 0 if causal else self.after
        return Window(before, after, self.dilation if before or after else 1)

    def span(self, causal: bool) -> tuple[int, int]:
        return self.before * self.dilation, 0 if causal else self.after * self.dilation

    def covers(self, other: Primitive, causal: bool) -> bool:
        theirs = other.span(causal) if isinstance(other, MaskPrimitive) else None
        ours = self.span(causal)
        nested = theirs is not None and theirs[0] <= ours[0] and theirs[1] <= ours[1]
        on_our_keys = self.dilation == 1 or (isinstance(other, Window) and other.dilation % self.dilation == 0)
        return (nested and on_our_keys) or MaskPrimitive.covers(self, other, causal)
