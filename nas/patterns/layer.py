"""One layer: groups of heads side by side."""

from dataclasses import dataclass

import numpy as np

from nas.errors import PatternError
from nas.patterns.arrays import Flags
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import ComputedPrimitive, Primitive, Random
from nas.patterns.primitives.base import require_int

MOST_HEADS = 512
"""Most heads in a layer: four times as many as the largest models have, so that no file or typo exhausts memory."""

MOST_SHAPES = 64
"""Most primitives in a union; each block that `random` draws counts as one."""


@dataclass(frozen=True, slots=True)
class HeadGroup:
    """Consecutive heads with the same union.

    Args:
        count: heads in the group, 1 to MOST_HEADS.
        attend: union of mask primitives, at least one of which lets every query see itself, with MOST_SHAPES of them at
            most; or one computed primitive.
    """

    count: int
    attend: tuple[Primitive, ...]

    def __post_init__(self) -> None:
        require_int("count", self.count, 1, at_most=MOST_HEADS)
        shapes = sum(primitive.blocks if isinstance(primitive, Random) else 1 for primitive in self.attend)
        if shapes > MOST_SHAPES:
            allowed = f"must hold at most {MOST_SHAPES} primitives, each random block counted as one"
            raise PatternError("attend", allowed, shapes)
        if not any(primitive.shows_self for primitive in self.attend):
            raise PatternError(
                "attend",
                "must let every query see itself",
                [primitive.kind for primitive in self.attend],
                'Add {"kind": "window", "before": 0}, or a stride, block or full.',
            )
        computed = [primitive.kind for primitive in self.attend if isinstance(primitive, ComputedPrimitive)]
        if computed and len(self.attend) > 1:
            kinds = [primitive.kind for primitive in self.attend]
            remedy = f"Give {computed[0]} a head group of its own."
            raise PatternError("attend", f"must hold {computed[0]} alone, or only masks", kinds, remedy)


@dataclass(frozen=True, slots=True)
class LayerPattern:
    """What every head of one layer attends to.

    Args:
        heads: the head groups, of MOST_HEADS heads at most; heads are numbered in their order.
        causal: whether a query sees only keys at or before it.
        index: which layer of its model this is, from 0.
        grid: rows and columns of a 2-D input, or None.
        memory_tokens: hidden states of the previous segment that all queries also see, in tokens; 0 if not causal.
    """

    heads: tuple[HeadGroup, ...]
    causal: bool = True
    index: int = 0
    grid: tuple[int, int] | None = None
    memory_tokens: int = 0

    def __post_init__(self) -> None:
        if not self.heads:
            raise PatternError("heads", "must hold at least one head group", [])
        if self.num_heads > MOST_HEADS:
            raise PatternError("heads", f"must count at most {MOST_HEADS} heads", self.num_heads)
        require_int("memory_tokens", self.memory_tokens, 0)
        if self.memory_tokens and not self.causal:
            raise PatternError("memory_tokens", "must be 0 unless the pattern is causal", self.memory_tokens)
        for group_index, group in enumerate(self.heads):
            for index, primitive in enumerate(group.attend):
                try:
                    primitive.needs(self.causal, self.grid)
                except PatternError as error:
                    raise error.inside(f"heads[{group_index}].attend[{index}]") from None

    @property
    def num_heads(self) -> int:
        """Heads in the layer."""
        return sum(group.count for group in self.heads)

    def head_patterns(self) -> tuple[HeadPattern, ...]:
        """One entry per head, in order; heads that attend alike are equal values."""
        heads: list[HeadPattern] = []
        for group in self.heads:
            head = HeadPattern(group.attend, self.causal, grid=self.grid, memory_tokens=self.memory_tokens)
            if head.is_placed:
                heads += [head.placed(self.index, len(heads) + place) for place in range(group.count)]
            else:
                heads += [head] * group.count
        return tuple(heads)

    def mask(self, num_tokens: int) -> Flags:
        """The dense mask, memory left out, bool, shape (heads, queries, keys); raises as `HeadPattern.visible` does."""
        heads = self.head_patterns()
        masks = {head: head.mask(num_tokens) for head in dict.fromkeys(heads)}
        return np.stack([masks[head] for head in heads])
