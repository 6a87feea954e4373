"""Longformer: a window per layer, dilated in some heads, and global tokens."""

from dataclasses import dataclass, field
from typing import ClassVar

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.space.checks import require_heads, require_numbers
from nas.space.choices import Choice, layer_scopes, split_heads
from nas.space.scaling import first_tokens, global_counts, quarters, window_of, window_widths
from nas.space.space import Shape, Suggester


@dataclass(frozen=True, kw_only=True)
class Longformer:
    """Width and dilation are drawn for every layer, the global tokens once.

    Args:
        window_tokens: width of the window, in keys; None for the powers of two from 4 to n.
        growing: sort the drawn widths in ascending order, so that no layer's window is narrower than the one before
            (Longformer's language models, section 4.1).
        num_dilated_heads: heads whose window is dilated; None for every quarter of the heads from none to all.
        dilation: distance between neighbouring keys in those heads, in tokens.
        num_global_tokens: global tokens at the start; None for 0, 1, 4, 16, 64, up to an eighth of n.

    Raises:
        InputError: a list is empty, or a value is repeated or out of range.
    """

    window_tokens: list[int] | None = None
    growing: bool = False
    num_dilated_heads: list[int] | None = None
    dilation: list[int] = field(default_factory=lambda: [2, 3, 4])
    num_global_tokens: list[int] | None = None

    baselines: ClassVar[tuple[str, ...]] = ("full", "longformer", "bigbird", "local_global")

    def __post_init__(self) -> None:
        require_numbers("window_tokens", self.window_tokens, at_least=1)
        require_numbers("num_dilated_heads", self.num_dilated_heads, at_least=0)
        require_numbers("dilation", self.dilation, at_least=1)
        require_numbers("num_global_tokens", self.num_global_tokens, at_least=0)

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values."""
        require_heads("num_dilated_heads", self.num_dilated_heads, shape)
        scopes = layer_scopes(suggest, shape)
        num_global = Choice(self.num_global_tokens or global_counts(shape)).draw(suggest, "num_global_tokens")
        widths = [Choice(self.window_tokens or window_widths(shape)).draw(layer, "window_tokens") for layer in scopes]
        if self.growing:
            widths.sort()
        return shape.pattern(
            [self._layer(layer, shape, width, num_global) for layer, width in zip(scopes, widths, strict=True)]
        )

    def _layer(self, suggest: Suggester, shape: Shape, width: int, num_global: int) -> tuple[HeadGroup, ...]:
        num_dilated = Choice(self.num_dilated_heads or quarters(shape.num_heads)).draw(suggest, "num_dilated_heads")
        dilation = Choice(self.dilation).draw(suggest, "dilation")
        everywhere = first_tokens(num_global)
        plain, dilated = (window_of(width, causal=shape.causal, dilation=step) for step in (1, dilation))
        return split_heads(shape.num_heads, num_dilated, (plain, *everywhere), (dilated, *everywhere))
