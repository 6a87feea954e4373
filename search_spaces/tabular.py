"""A space small enough to train all of its patterns; `nas table build` turns it into ground truth."""

from dataclasses import dataclass, field
from typing import ClassVar

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Stride
from nas.space.checks import require_numbers, require_words
from nas.space.choices import Choice, Scope, split_heads
from nas.space.scaling import first_tokens, root_stride, window_of
from nas.space.space import Shape, Suggester

SECOND_KINDS = ("none", "stride", "full")
HALVES = ("first_half", "second_half")


@dataclass(frozen=True, kw_only=True)
class Tabular:
    """A window for each half of the layers; for all layers a second kind for half of the heads, and global tokens.

    Windows grow, stay equal or shrink with depth, at every density from a sixteenth of full attention to all of it.
    Two layers of 128 tokens have 150 combinations and 147 different patterns. All sizes are shares of the sequence, so
    that proxies of several lengths and depths have the same choices (docs/transfer.md).

    `second_kind` replaces the window in half of the heads of every layer: `stride`, every s-th key with s half of
    `nas.space.scaling.root_stride`; `full`, every key; `none` replaces nothing.

    Args:
        window_tokens: width of the window, in keys; None for 1/32, 1/16, 1/8, 3/8 and all of n.
        num_global_tokens: global tokens at the start, for the window and for `stride`; None for 0 and n / 32.
        second_kind: kinds that the second heads may have.

    Raises:
        InputError: a list is empty, or a value is repeated or out of range.
    """

    window_tokens: list[int] | None = None
    num_global_tokens: list[int] | None = None
    second_kind: list[str] = field(default_factory=lambda: list(SECOND_KINDS))

    baselines: ClassVar[tuple[str, ...]] = (
        "full",
        "longformer",
        "local_global",
        "streaming",
        "sparse_transformer_strided",
        "sparse_transformer_fixed",
        "bigbird",
    )

    def __post_init__(self) -> None:
        require_numbers("window_tokens", self.window_tokens, at_least=1)
        require_numbers("num_global_tokens", self.num_global_tokens, at_least=0)
        require_words("second_kind", self.second_kind, SECOND_KINDS, "kind")

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values."""
        n = shape.num_tokens
        widths = _widths(shape) if self.window_tokens is None else self.window_tokens
        counts = [0, max(1, shape.trained_tokens // 32)] if self.num_global_tokens is None else self.num_global_tokens
        kind = Choice(self.second_kind).draw(suggest, "second_kind")
        everywhere = first_tokens(Choice(counts).draw(suggest, "num_global_tokens"))
        stride = shape.grain * max(2, root_stride(shape.trained_tokens) // 2)
        second = {"none": (), "stride": (Stride(stride), *everywhere), "full": (Full(),)}[kind]

        def layer(half: str) -> tuple[HeadGroup, ...]:
            width = Choice(widths).draw(Scope(half, suggest), "window_tokens")
            window = (window_of(width, causal=shape.causal), *everywhere) if width < n else (Full(),)
            return split_heads(shape.num_heads, shape.num_heads // 2, window, second or window)

        return shape.pattern([layer(HALVES[2 * index >= shape.num_layers]) for index in range(shape.num_layers)])


def _widths(shape: Shape) -> list[int]:
    """1/32, 1/16, 1/8, 3/8 and all of the sequence, in keys."""
    return sorted({shape.grain * max(1, shape.trained_tokens * part // 32) for part in (1, 2, 4, 12, 32)})
