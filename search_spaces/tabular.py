"""A space small enough to train all of its patterns; `nas table build` turns it into ground truth."""

from dataclasses import dataclass
from typing import ClassVar

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Stride
from nas.space.choices import Choice, each_layer, split_heads
from nas.space.scaling import first_tokens, root_stride, window_of
from nas.space.space import Shape, Suggester

SECOND_KINDS = ("none", "stride", "full")


@dataclass(frozen=True, kw_only=True)
class Tabular:
    """A window for every layer; for all layers a second kind for half of the heads, and global tokens.

    The windows of two layers grow, stay equal or shrink with depth, at every density from a sixteenth of full
    attention to all of it. `second_kind` replaces the window in half of the heads of every layer: `stride`, every
    s-th key with s half of `nas.space.scaling.root_stride`; `full`, every key; `none` replaces nothing.
    `num_global_tokens` is 0 or 4, for the window and for `stride`. Two layers of 128 tokens have 150 combinations and
    147 different patterns.
    """

    baselines: ClassVar[tuple[str, ...]] = ("full", "longformer", "local_global")

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values."""
        n = shape.num_tokens
        kind = Choice(SECOND_KINDS).draw(suggest, "second_kind")
        everywhere = first_tokens(Choice((0, 4)).draw(suggest, "num_global_tokens"))
        stride = max(2, root_stride(n) // 2)
        second = {"none": (), "stride": (Stride(stride), *everywhere), "full": (Full(),)}[kind]

        def layer(own: Suggester) -> tuple[HeadGroup, ...]:
            width = Choice(_widths(n)).draw(own, "window_tokens")
            window = (window_of(width, causal=shape.causal), *everywhere) if width < n else (Full(),)
            return split_heads(shape.num_heads, shape.num_heads // 2, window, second or window)

        return each_layer(suggest, shape, layer)


def _widths(num_tokens: int) -> list[int]:
    """1/32, 1/16, 1/8, 3/8 and all of the sequence, in keys."""
    return sorted({max(1, num_tokens * part // 32) for part in (1, 2, 4, 12, 32)})
