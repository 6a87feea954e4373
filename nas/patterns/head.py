"""One attention head: a union of primitives at its position in the model."""

from dataclasses import dataclass, replace

import numpy as np

from nas.errors import PatternError
from nas.patterns.arrays import Array, Flags
from nas.patterns.primitives import ComputedPrimitive, MaskPrimitive, Primitive, Random
from nas.patterns.primitives.mask_context import MaskContext


@dataclass(frozen=True, slots=True)
class HeadPattern:
    """What one head attends to: one softmax over all keys that any primitive shows, and over the memory.

    Attention backends, counts and costs work head by head; equal heads share the work.

    Args:
        attend: a union of mask primitives, cut to j <= i in a causal pattern; or one computed primitive alone.
        causal: whether a query sees only keys at or before it.
        layer: index of the layer, from 0. Only `random` depends on it; 0 where nothing does.
        head: index of the head in its layer, from 0. Only `random` depends on it; 0 where nothing does.
        grid: rows and columns of a 2-D input, or None.
        memory_tokens: rows of the previous segment that every query also sees, in tokens; 0 if not causal.
    """

    attend: tuple[Primitive, ...]
    causal: bool = True
    layer: int = 0
    head: int = 0
    grid: tuple[int, int] | None = None
    memory_tokens: int = 0

    @property
    def computed(self) -> ComputedPrimitive | None:
        """The computed primitive, or None for a union of masks."""
        first = self.attend[0]
        return first if isinstance(first, ComputedPrimitive) else None

    @property
    def masks(self) -> tuple[MaskPrimitive, ...]:
        """The union as masks.

        Raises:
            PatternError: the head has a computed primitive, which is not a mask.
        """
        masks = tuple(primitive for primitive in self.attend if isinstance(primitive, MaskPrimitive))
        if len(masks) < len(self.attend):
            kinds = [primitive.kind for primitive in self.attend]
            raise PatternError("attend", "must be masks only, to have a mask", kinds, "Use HeadPattern.outline().")
        return masks

    def outline(self) -> "HeadPattern":
        """The head as masks, with all pairs that a computed primitive may choose; a union of masks is unchanged."""
        return self if self.computed is None else replace(self, attend=self.computed.possible())

    def context(self, num_tokens: int) -> MaskContext:
        """The context in which its primitives are evaluated.

        Raises:
            PatternError: `num_tokens` is below 1, or the grid does not have `num_tokens` places.
        """
        if num_tokens < 1:
            raise PatternError("num_tokens", "must be 1 or more", num_tokens)
        if self.grid is not None and self.grid[0] * self.grid[1] != num_tokens:
            raise PatternError("grid", f"must hold {num_tokens} tokens", list(self.grid))
        return MaskContext(num_tokens, self.causal, self.layer, self.head, self.grid)

    def visible(self, query: Array, key: Array, num_tokens: int) -> Array:
        """Which keys of its own segment each query sees, the causal cut included.

        Args:
            query: absolute query positions, int64, broadcastable against `key`, in tokens.
            key: absolute key positions, int64, in tokens.
            num_tokens: sequence length n, in tokens.

        Returns:
            bool, of the broadcast shape, as numpy array or tensor as the positions are.

        Raises:
            PatternError: the grid does not have `num_tokens` places, or the head has a computed primitive.
        """
        context, masks = self.context(num_tokens), self.masks
        seen = masks[0].visible(query, key, context)
        for primitive in masks[1:]:
            seen = seen | primitive.visible(query, key, context)
        return seen & (key <= query) if self.causal else seen

    def mask(self, num_tokens: int) -> Flags:
        """The dense mask, bool, shape (queries, keys)."""
        token = np.arange(num_tokens)
        return self.visible(token[:, None], token[None, :], num_tokens)

    def allows(self, query: int, key: int, num_tokens: int) -> bool:
        """Whether one pair is visible, by the plain definitions: the oracle of the tests."""
        context = self.context(num_tokens)
        return (key <= query or not self.causal) and any(mask.allows(query, key, context) for mask in self.masks)

    @property
    def is_placed(self) -> bool:
        """Whether the mask depends on the head's position in the model."""
        return any(isinstance(primitive, Random) for primitive in self.attend)

    def placed(self, layer: int, head: int) -> "HeadPattern":
        """The same union at another position in the model; unchanged where the position does not matter."""
        if not self.is_placed:
            layer = head = 0
        return self if (layer, head) == (self.layer, self.head) else replace(self, layer=layer, head=head)
