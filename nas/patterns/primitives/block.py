"""`block`: the sequence in chunks; a query sees its own chunk."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nas.patterns.arrays import Array, Positions
from nas.patterns.primitives.base import MaskPrimitive, Primitive, require_int
from nas.patterns.primitives.mask_context import MaskContext
from nas.patterns.primitives.scale import Scale
from nas.patterns.primitives.support import Band, Support
from nas.patterns.primitives.window import Window
from nas.patterns.primitives.wording import counted


@dataclass(frozen=True, slots=True)
class Block(MaskPrimitive):
    """The sequence is cut into chunks; a query sees its own chunk.

    Args:
        tokens: length of a chunk, in tokens, 1 or more.
        shift: how far the cuts are moved towards the start, in tokens, 0 or more.

    Source: Child et al. 2019 (Sparse Transformer), section 4.3, fixed attention's local part;
    chunked attention; Swin's shifted windows in one dimension.
    """

    tokens: int
    shift: int = 0

    kind: ClassVar[str] = "block"
    shows_self: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_int("tokens", self.tokens, 1)
        require_int("shift", self.shift, 0)

    def label(self, causal: bool) -> str:
        return f"b{self.tokens}@{self.shift}" if self.shift else f"b{self.tokens}"

    def words(self, causal: bool) -> str:
        cuts = f", cuts moved by {self.shift:,}" if self.shift else ""
        return f"own block of {counted(self.tokens, 'key')}{cuts}"

    def scaled(self, scale: Scale) -> "Block":
        shift = scale.size("block", "shift", self.shift, at_least=0)
        return Block(scale.size("block", "tokens", self.tokens), shift)

    def visible(self, query: Array, key: Array, context: MaskContext) -> Array:
        seen: Array = (query + self.shift) // self.tokens == (key + self.shift) // self.tokens
        return seen

    def allows(self, query: int, key: int, context: MaskContext) -> bool:
        return (query + self.shift) // self.tokens == (key + self.shift) // self.tokens

    def support(self, context: MaskContext) -> Support:
        start = self._chunk_start(context)
        return Support(bands=(Band(np.maximum(start, 0), np.minimum(start + self.tokens, context.num_tokens)),))

    def last_query(self, context: MaskContext) -> Positions:
        return np.minimum(self._chunk_start(context) + self.tokens, context.num_tokens) - 1

    def simplified(self, causal: bool) -> Primitive:
        return Window(0) if self.tokens == 1 else Block(self.tokens, self.shift % self.tokens)

    def span(self, causal: bool) -> tuple[int, int]:
        return self.tokens - 1, 0 if causal else self.tokens - 1

    def _chunk_start(self, context: MaskContext) -> Positions:
        token = np.arange(context.num_tokens, dtype=np.int64)
        return (token + self.shift) // self.tokens * self.tokens - self.shift
