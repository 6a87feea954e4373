"""The default space: every layer splits its heads between local attention and a second kind."""

from dataclasses import dataclass, field
from typing import ClassVar

from nas.errors import InputError, unknown
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Columns, Full, Global, Primitive, Random, Stride
from nas.space.choices import Choice, each_layer, require_options
from nas.space.scaling import powers, random_block, root_stride, window_of
from nas.space.space import Shape, Suggester

SECOND_KINDS = ("stride", "columns", "full", "random")


@dataclass(frozen=True, kw_only=True)
class Hybrid:
    """Local heads (a window) beside heads of a second kind, with global tokens for both, drawn for every layer.

    The second kind is one of SECOND_KINDS, built on `stride_tokens` s:
    `stride` sees every s-th key (Sparse Transformer, strided, split between heads); `columns` its block of s tokens
    and the last eighth of every such block (Sparse Transformer, fixed); `random` the window and random blocks that
    make up one key in s (BigBird); `full` every key.

    All six parameters are suggested in every layer, also where one has no effect (a stride beside `full`, say).
    A fixed set of parameters is what the GP sampler and multivariate TPE model best; conditional ones they would
    draw at random. Patterns that come out equal are caught by their id and not trained again.

    Args:
        num_global_tokens: how many of the first tokens are global; None for 0, 1, 4, 16, 64, up to an eighth of n.
        window_tokens: width of the window as `nas.space.scaling.window_of` counts it, in keys; None for the powers of
            two from 4 to n.
        dilation: distance between neighbouring keys of the window, in tokens.
        second_kind: kinds that the second heads may have.
        num_second_heads: how many heads are of the second kind; None for every quarter of the heads from none to all.
        stride_tokens: s, in tokens; None for l / 2, l and 2 * l with l near the square root of n.

    Raises:
        InputError: an empty list, a value twice, or one out of range.
    """

    num_global_tokens: list[int] | None = None
    window_tokens: list[int] | None = None
    dilation: list[int] = field(default_factory=lambda: [1, 2, 4])
    second_kind: list[str] = field(default_factory=lambda: list(SECOND_KINDS))
    num_second_heads: list[int] | None = None
    stride_tokens: list[int] | None = None

    share_layers: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check_numbers("num_global_tokens", self.num_global_tokens, at_least=0)
        _check_numbers("window_tokens", self.window_tokens, at_least=1)
        _check_numbers("dilation", self.dilation, at_least=1)
        _check_numbers("num_second_heads", self.num_second_heads, at_least=0)
        _check_numbers("stride_tokens", self.stride_tokens, at_least=2)
        require_options("second_kind", self.second_kind)
        for kind in self.second_kind:
            if kind not in SECOND_KINDS:
                raise unknown("second_kind", kind, SECOND_KINDS, "kind")

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values.

        Raises:
            InputError: `num_second_heads` offers more heads than the shape has.
        """
        most = max(self.num_second_heads or [0])
        if most > shape.num_heads:
            raise InputError(
                "space.options.num_second_heads", f"must be at most proxy.num_heads ({shape.num_heads})", most
            )
        return each_layer(suggest, shape, lambda layer: self._layer(layer, shape), share_layers=self.share_layers)

    def _layer(self, suggest: Suggester, shape: Shape) -> tuple[HeadGroup, ...]:
        n = shape.num_tokens
        num_global = Choice(self.num_global_tokens or _global_counts(n)).draw(suggest, "num_global_tokens")
        width = Choice(self.window_tokens or powers(2, 4, max(n, 4))).draw(suggest, "window_tokens")
        dilation = Choice(self.dilation).draw(suggest, "dilation")
        kind = Choice(self.second_kind).draw(suggest, "second_kind")
        num_second = Choice(self.num_second_heads or _quarters(shape.num_heads)).draw(suggest, "num_second_heads")
        stride = Choice(self.stride_tokens or _strides(n)).draw(suggest, "stride_tokens")

        window = window_of(width, causal=shape.causal, dilation=dilation)
        second = _second_union(kind, stride, window, n)
        everywhere = (Global(num_global),) if num_global else ()
        groups = ((shape.num_heads - num_second, (window, *everywhere)), (num_second, (*second, *everywhere)))
        return tuple(HeadGroup(count, union) for count, union in groups if count)


def _second_union(kind: str, stride: int, window: Primitive, num_tokens: int) -> tuple[Primitive, ...]:
    if kind == "stride":
        return (Stride(stride),)
    if kind == "columns":
        return Block(stride), Columns(stride, max(1, stride // 8))
    if kind == "random":
        block = random_block(num_tokens)
        return window, Random(block, max(1, num_tokens // (stride * block)))
    return (Full(),)


def _global_counts(num_tokens: int) -> list[int]:
    return [0, *powers(4, 1, min(64, num_tokens // 8))]


def _quarters(num_heads: int) -> list[int]:
    return sorted({num_heads * quarter // 4 for quarter in range(5)})


def _strides(num_tokens: int) -> list[int]:
    root = root_stride(num_tokens)
    return [stride for stride in (root // 2, root, 2 * root) if stride >= 2]


def _check_numbers(name: str, options: list[int] | None, at_least: int) -> None:
    if options is None:
        return
    require_options(name, options)
    if min(options) < at_least:
        raise InputError(name, f"must hold numbers of {at_least} or more", options)
