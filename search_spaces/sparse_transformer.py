"""Sparse Transformer: strided, fixed or learned importance, merged in every head or split between heads."""

from dataclasses import dataclass, field
from typing import ClassVar

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Columns, Select, Stride, Window
from nas.space.checks import require_numbers, require_words
from nas.space.choices import Choice, Union, each_layer, split_heads
from nas.space.needs import Needs
from nas.space.scaling import root_strides, window_of
from nas.space.space import Shape, Suggester

SCHEMES = ("strided", "fixed", "select")
ARRANGEMENTS = ("merged", "split")


@dataclass(frozen=True, kw_only=True)
class SparseTransformer:
    """A local and a far part of attention, both built on a stride of s tokens; drawn for every layer.

    `strided`: the last s keys, and every s-th one. `fixed`: the block of s tokens, and the last keys of every block.
    `select`: the last s keys, and the blocks of s tokens that content chooses (causal models only).

    Args:
        scheme: `strided`, `fixed`, `select`; None for all that the shape allows.
        arrangement: `merged`, every head has both parts (`select` alone, which also sees its own block); `split`,
            half of the heads have the local part and half the far one.
        stride_tokens: s, in tokens; None for l / 2, l and 2 * l with l near the square root of n.
        summary_part: inverse share of a block that all queries see, its last keys: 8 for an eighth, at least 1 key.
        num_selected_blocks: earlier blocks that a query chooses.

    Raises:
        InputError: a list is empty, or a value is repeated or out of range.
    """

    scheme: list[str] | None = None
    arrangement: list[str] = field(default_factory=lambda: list(ARRANGEMENTS))
    stride_tokens: list[int] | None = None
    summary_part: list[int] = field(default_factory=lambda: [2, 4, 8])
    num_selected_blocks: list[int] = field(default_factory=lambda: [1, 2, 4])

    baselines: ClassVar[tuple[str, ...]] = (
        "full",
        "sparse_transformer_strided",
        "sparse_transformer_fixed",
        "learned_importance",
    )

    def __post_init__(self) -> None:
        require_words("scheme", self.scheme, SCHEMES, "scheme")
        require_words("arrangement", self.arrangement, ARRANGEMENTS, "arrangement")
        require_numbers("stride_tokens", self.stride_tokens, at_least=2)
        require_numbers("summary_part", self.summary_part, at_least=2)
        require_numbers("num_selected_blocks", self.num_selected_blocks, at_least=1)

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values; InputError for `select` with a bidirectional task."""
        schemes = self.scheme or list(SCHEMES if shape.causal else SCHEMES[:2])
        if "select" in schemes:
            Needs(causal=True).check("space.options.scheme: select", shape)
        return each_layer(suggest, shape, lambda layer: self._layer(layer, shape, schemes))

    def _layer(self, suggest: Suggester, shape: Shape, schemes: list[str]) -> tuple[HeadGroup, ...]:
        scheme = Choice(schemes).draw(suggest, "scheme")
        arrangement = Choice(self.arrangement).draw(suggest, "arrangement")
        stride = Choice(self.stride_tokens or root_strides(shape)).draw(suggest, "stride_tokens")
        summary = max(1, stride // Choice(self.summary_part).draw(suggest, "summary_part"))
        num_selected = Choice(self.num_selected_blocks).draw(suggest, "num_selected_blocks")

        recent = window_of(stride, causal=shape.causal)
        parts: dict[str, tuple[Union, Union]] = {
            "strided": ((recent,), (Stride(stride),)),
            "fixed": ((Block(stride),), (Columns(stride, summary), Window(0))),
            "select": ((recent,), (Select(stride, num_selected),)),
        }
        local, far = parts[scheme]
        if arrangement == "split":
            return split_heads(shape.num_heads, (shape.num_heads + 1) // 2, local, far)
        return (HeadGroup(shape.num_heads, far if scheme == "select" else local + far),)
