"""Sparse sampling inside global attention: a window, global tokens and sampled columns in one softmax."""

from dataclasses import dataclass
from typing import ClassVar

from nas.errors import InputError
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Columns
from nas.space.checks import require_numbers
from nas.space.choices import Choice, each_layer
from nas.space.scaling import first_tokens, global_counts, root_strides, window_of, window_widths
from nas.space.space import Shape, Suggester


@dataclass(frozen=True, kw_only=True)
class Serial:
    """All heads of a layer attend to the same union; drawn for every layer.

    Args:
        window_tokens: width of the window, in keys; None for the powers of two from 4 to n.
        num_global_tokens: global tokens at the start; None for 0, 1, 4, 16, 64, up to an eighth of n.
        stride_tokens: distance between the sampled stretches, in tokens; None for l / 2, l and 2 * l with l near the
            square root of n.
        sampled_tokens: keys at the end of each stretch that all queries see, 0 for none, less than any stride; None for
            0 and 1.

    Raises:
        InputError: a list is empty, or a value is repeated or out of range.
    """

    window_tokens: list[int] | None = None
    num_global_tokens: list[int] | None = None
    stride_tokens: list[int] | None = None
    sampled_tokens: list[int] | None = None

    baselines: ClassVar[tuple[str, ...]] = ("full", "serial", "longformer", "sparse_transformer_fixed")

    def __post_init__(self) -> None:
        require_numbers("window_tokens", self.window_tokens, at_least=1)
        require_numbers("num_global_tokens", self.num_global_tokens, at_least=0)
        require_numbers("stride_tokens", self.stride_tokens, at_least=2)
        require_numbers("sampled_tokens", self.sampled_tokens, at_least=0)

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values; InputError if a stretch is all sampled."""
        strides = self.stride_tokens or root_strides(shape)
        offered = self.sampled_tokens or [0, shape.grain]
        if max(offered) >= min(strides):
            allowed = f"must hold numbers below the smallest of stride_tokens ({min(strides)})"
            raise InputError("space.options.sampled_tokens", allowed, offered)
        return each_layer(suggest, shape, lambda layer: self._layer(layer, shape, strides, offered))

    def _layer(self, suggest: Suggester, shape: Shape, strides: list[int], offered: list[int]) -> tuple[HeadGroup, ...]:
        width = Choice(self.window_tokens or window_widths(shape)).draw(suggest, "window_tokens")
        num_global = Choice(self.num_global_tokens or global_counts(shape)).draw(suggest, "num_global_tokens")
        stride = Choice(strides).draw(suggest, "stride_tokens")
        sampled = Choice(offered).draw(suggest, "sampled_tokens")
        columns = (Columns(stride, sampled),) if sampled else ()
        union = (window_of(width, causal=shape.causal), *first_tokens(num_global), *columns)
        return (HeadGroup(shape.num_heads, union),)
