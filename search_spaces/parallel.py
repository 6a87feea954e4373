"""Full and sparse attention side by side: every layer splits its heads between two sub-spaces."""

from dataclasses import dataclass, field
from typing import ClassVar

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Columns, Full, Stride
from nas.space.checks import require_heads, require_numbers, require_words
from nas.space.choices import Choice, Union, each_layer, split_heads
from nas.space.scaling import quarters, root_strides, window_of, window_widths
from nas.space.space import Shape, Suggester

SPARSE_KINDS = ("window", "stride", "columns")


@dataclass(frozen=True, kw_only=True)
class Parallel:
    """Some heads see everything, the others are sparse in one way; drawn for every layer.

    Args:
        num_full_heads: heads that see every key; None for every quarter of the heads from none to all.
        sparse_kind: the keys of the others: `window`; `stride`, every s-th key; `columns`, their block of s tokens and
            the last eighth of every such block.
        window_tokens: width of the window, in keys; None for the powers of two from 4 to n.
        stride_tokens: s, in tokens; None for l / 2, l and 2 * l with l near the square root of n.

    Raises:
        InputError: a list is empty, or a value is repeated or out of range.
    """

    num_full_heads: list[int] | None = None
    sparse_kind: list[str] = field(default_factory=lambda: list(SPARSE_KINDS))
    window_tokens: list[int] | None = None
    stride_tokens: list[int] | None = None

    baselines: ClassVar[tuple[str, ...]] = ("full", "parallel", "longformer")

    def __post_init__(self) -> None:
        require_numbers("num_full_heads", self.num_full_heads, at_least=0)
        require_words("sparse_kind", self.sparse_kind, SPARSE_KINDS, "kind")
        require_numbers("window_tokens", self.window_tokens, at_least=1)
        require_numbers("stride_tokens", self.stride_tokens, at_least=2)

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values."""
        require_heads("num_full_heads", self.num_full_heads, shape)
        return each_layer(suggest, shape, lambda layer: self._layer(layer, shape))

    def _layer(self, suggest: Suggester, shape: Shape) -> tuple[HeadGroup, ...]:
        num_full = Choice(self.num_full_heads or quarters(shape.num_heads)).draw(suggest, "num_full_heads")
        kind = Choice(self.sparse_kind).draw(suggest, "sparse_kind")
        width = Choice(self.window_tokens or window_widths(shape)).draw(suggest, "window_tokens")
        stride = Choice(self.stride_tokens or root_strides(shape)).draw(suggest, "stride_tokens")
        sparse: dict[str, Union] = {
            "window": (window_of(width, causal=shape.causal),),
            "stride": (Stride(stride),),
            "columns": (Block(stride), Columns(stride, max(1, stride // 8))),
        }
        return split_heads(shape.num_heads, num_full, sparse[kind], (Full(),))
