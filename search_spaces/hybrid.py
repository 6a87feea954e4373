"""The default space: every layer splits its heads between local attention and a second kind."""

from dataclasses import dataclass, field
from typing import ClassVar

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Columns, Full, Primitive, Random, Stride
from nas.patterns.serving import ServingRules
from nas.space.checks import require_heads, require_numbers, require_words
from nas.space.choices import Choice, Union, each_layer, layer_scopes, split_heads
from nas.space.scaling import (
    first_tokens,
    global_counts,
    quarters,
    random_block,
    root_strides,
    window_of,
    window_widths,
)
from nas.space.serving import full_layers, servable, size_scope
from nas.space.space import Shape, Suggester

SECOND_KINDS = ("stride", "columns", "full", "random")


@dataclass(frozen=True, kw_only=True)
class Hybrid:
    """Local heads (a window) and heads of a second kind, with global tokens for both, drawn for every layer.

    The second kind is one of SECOND_KINDS, built on `stride_tokens` s:
    `stride` sees every s-th key (Sparse Transformer, strided, split between heads); `columns` its block of s tokens
    and the last eighth of every such block (Sparse Transformer, fixed); `random` the window and random blocks that
    make up one key in s (BigBird); `full` every key.

    All six parameters are suggested in every layer, even where one has no effect (a stride with `full`).
    The GP sampler and multivariate TPE model a fixed set of parameters best, and draw conditional ones at random.
    Equal patterns have the same id and are not trained again.

    Where `deployable_by` names targets, the second kind is `full`, windows are not dilated, and sizes are drawn once
    for the model if they may not differ. If the heads of a layer may not, each layer is full or local.

    Args:
        num_global_tokens: global tokens at the start; None for 0, 1, 4, 16, 64, up to an eighth of n.
        window_tokens: width of the window as `nas.space.scaling.window_of` counts it, in keys; None for the powers of
            two from 4 to n.
        dilation: distance between neighbouring keys of the window, in tokens.
        second_kind: kinds that the second heads may have.
        num_second_heads: number of heads of the second kind; None for every quarter of the heads from none to all.
        stride_tokens: s, in tokens; None for l / 2, l and 2 * l with l near the square root of n.

    Raises:
        InputError: a list is empty, or a value is repeated or out of range.
    """

    num_global_tokens: list[int] | None = None
    window_tokens: list[int] | None = None
    dilation: list[int] = field(default_factory=lambda: [1, 2, 4])
    second_kind: list[str] = field(default_factory=lambda: list(SECOND_KINDS))
    num_second_heads: list[int] | None = None
    stride_tokens: list[int] | None = None

    share_layers: ClassVar[bool] = False
    baselines: ClassVar[tuple[str, ...]] = (
        "full",
        "longformer",
        "sparse_transformer_strided",
        "sparse_transformer_fixed",
        "bigbird",
        "local_global",
    )

    def __post_init__(self) -> None:
        require_numbers("num_global_tokens", self.num_global_tokens, at_least=0)
        require_numbers("window_tokens", self.window_tokens, at_least=1)
        require_numbers("dilation", self.dilation, at_least=1)
        require_numbers("num_second_heads", self.num_second_heads, at_least=0)
        require_numbers("stride_tokens", self.stride_tokens, at_least=2)
        require_words("second_kind", self.second_kind, SECOND_KINDS, "kind")

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values.

        Raises:
            InputError: `num_second_heads` offers more heads than the shape has, or the options nothing that the targets
                of deployable_by allow.
        """
        require_heads("num_second_heads", self.num_second_heads, shape)
        if shape.serving is not None:
            return self._servable(suggest, shape, shape.serving)
        return each_layer(suggest, shape, lambda layer: self._layer(layer, shape), share_layers=self.share_layers)

    def _servable(self, suggest: Suggester, shape: Shape, rules: ServingRules) -> ModelPattern:
        """A pattern that targets with these rules can represent."""
        servable("second_kind", self.second_kind, lambda kind: kind == "full", "full, as no target has another")
        servable("dilation", self.dilation, lambda dilation: dilation == 1, "1, as no target has dilated windows")
        counts, n = self.num_global_tokens or global_counts(shape), shape.num_tokens
        if not rules.first_tokens:
            counts = servable("num_global_tokens", counts, lambda count: count == 0, "0: a target has no first tokens")
        widths = self.window_tokens or window_widths(shape)
        narrow = servable("window_tokens", widths, lambda width: width < n, f"a width below {n}")

        def layer(own: Suggester, is_full: bool) -> tuple[HeadGroup, ...]:
            sizes = size_scope(suggest, own, shape)
            everywhere = first_tokens(Choice(counts).draw(sizes, "num_global_tokens"))
            window = window_of(Choice(narrow).draw(sizes, "window_tokens"), causal=shape.causal)
            num_full = shape.num_heads if is_full else 0
            if rules.heads_differ and not is_full:
                num_full = Choice(self.num_second_heads or quarters(shape.num_heads)).draw(own, "num_second_heads")
            return split_heads(shape.num_heads, num_full, (window, *everywhere), (Full(),))

        if self.share_layers:
            return each_layer(suggest, shape, lambda own: layer(own, is_full=False), share_layers=True)
        full = full_layers(suggest, shape)
        return shape.pattern([layer(*one) for one in zip(layer_scopes(suggest, shape), full, strict=True)])

    def _layer(self, suggest: Suggester, shape: Shape) -> tuple[HeadGroup, ...]:
        num_global = Choice(self.num_global_tokens or global_counts(shape)).draw(suggest, "num_global_tokens")
        width = Choice(self.window_tokens or window_widths(shape)).draw(suggest, "window_tokens")
        dilation = Choice(self.dilation).draw(suggest, "dilation")
        kind = Choice(self.second_kind).draw(suggest, "second_kind")
        num_second = Choice(self.num_second_heads or quarters(shape.num_heads)).draw(suggest, "num_second_heads")
        stride = Choice(self.stride_tokens or root_strides(shape)).draw(suggest, "stride_tokens")

        window = window_of(width, causal=shape.causal, dilation=dilation)
        second = _second_union(kind, stride, window, shape)
        everywhere = first_tokens(num_global)
        return split_heads(shape.num_heads, num_second, (window, *everywhere), (*second, *everywhere))


def _second_union(kind: str, stride: int, window: Primitive, shape: Shape) -> Union:
    if kind == "stride":
        return (Stride(stride),)
    if kind == "columns":
        return Block(stride), Columns(stride, max(1, stride // 8))
    if kind == "random":
        block = random_block(shape)
        return window, Random(block, max(1, shape.num_tokens * shape.grain // (stride * block)))
    return (Full(),)
