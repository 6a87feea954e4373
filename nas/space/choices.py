"""The building blocks of a space: typed draws, and layers and head groups made from them.

A parameter that depends on another is an `if` in the space's own code: only requested parameters are suggested.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from nas.errors import InputError
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Primitive
from nas.space.checks import require_options
from nas.space.scaling import first_tokens, window_of
from nas.space.space import Option, Shape, Suggester

T = TypeVar("T", bound=Option)

Union = tuple[Primitive, ...]
"""What a head attends to: see `HeadGroup.attend`."""

LayerBuilder = Callable[[Suggester], tuple[HeadGroup, ...]]
"""Turns the suggestions of one layer into its head groups."""


@dataclass(frozen=True, slots=True)
class Choice(Generic[T]):
    """One of a few values.

    Args:
        options: what may be drawn; at least one, without repetition.

    Raises:
        InputError: there is no option, or one occurs twice.
    """

    options: Sequence[T]

    def __post_init__(self) -> None:
        require_options("options", self.options)

    def draw(self, suggest: Suggester, name: str) -> T:
        """The suggested option; the same name must always come with the same options."""
        return cast(T, suggest.choice(name, self.options))


@dataclass(frozen=True, slots=True)
class Integers:
    """A whole number in a range.

    Args:
        low: smallest, included.
        high: largest, included.
        log: whether ratios matter rather than differences; `low` must then be 1 or more.

    Raises:
        InputError: the range is empty, or logarithmic with `low` below 1.
    """

    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        if self.high < self.low:
            raise InputError("high", f"must be low ({self.low}) or more", self.high)
        if self.log and self.low < 1:
            raise InputError("low", "must be 1 or more on a logarithmic scale", self.low)

    def draw(self, suggest: Suggester, name: str) -> int:
        """The suggested number; the same name must always come with the same range."""
        return suggest.integer(name, self.low, self.high, log=self.log)


@dataclass(frozen=True, slots=True)
class Scope:
    """A suggester that puts a prefix before every name: `layer0.window_tokens`."""

    prefix: str
    suggest: Suggester

    def choice(self, name: str, options: Sequence[Option]) -> Option:
        """One of the options."""
        return self.suggest.choice(f"{self.prefix}.{name}", options)

    def integer(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """A whole number from low to high, both included."""
        return self.suggest.integer(f"{self.prefix}.{name}", low, high, log=log)


def layer_scopes(suggest: Suggester, shape: Shape) -> list[Scope]:
    """One scope per layer: the parameters of layer 2 are named `layer2.window_tokens` and so on."""
    return [Scope(f"layer{index}", suggest) for index in range(shape.num_layers)]


def each_layer(
    suggest: Suggester, shape: Shape, build_layer: LayerBuilder, *, share_layers: bool = False, position: str = "rope"
) -> ModelPattern:
    """A model whose layers are built one by one.

    Args:
        suggest: where the values come from.
        shape: what the pattern must have.
        build_layer: makes one layer from its suggestions.
        share_layers: draw once, as `layers.window_tokens`, and use it in every layer.
        position: how positions are encoded, one of `nas.patterns.model.POSITIONS`.

    Raises:
        PatternError: a layer breaks the contract; the message names it.
    """
    if share_layers:
        layers = [build_layer(Scope("layers", suggest))] * shape.num_layers
    else:
        layers = [build_layer(layer) for layer in layer_scopes(suggest, shape)]
    return shape.pattern(layers, position=position)


def split_heads(num_heads: int, num_second: int, first: Union, second: Union) -> tuple[HeadGroup, ...]:
    """Two head groups, the last `num_second` heads in the second; empty groups are omitted."""
    groups = ((num_heads - num_second, first), (num_second, second))
    return tuple(HeadGroup(count, union) for count, union in groups if count)


def heads_by_place(
    shape: Shape, places: Collection[tuple[int, int]], chosen: Union, other: Union
) -> list[tuple[HeadGroup, ...]]:
    """The head groups of every layer where the order of heads matters: one group per head.

    Args:
        shape: gives the numbers of layers and heads.
        places: (layer, head) of the chosen ones, both from 0.
        chosen: what they attend to.
        other: what all other heads attend to.
    """
    return [
        tuple(HeadGroup(1, chosen if (layer, head) in places else other) for head in range(shape.num_heads))
        for layer in range(shape.num_layers)
    ]


def draw_streaming(suggest: Suggester, num_sinks: Sequence[int], recent_tokens: Sequence[int]) -> Union:
    """Sinks and recent keys, as `num_sinks` and `recent_tokens`: what the heads see that need not see everything.

    Args:
        suggest: where the values come from.
        num_sinks: first tokens to choose from, in tokens.
        recent_tokens: recent keys to choose from, the query itself included, in tokens.

    Source: Xiao et al. 2024a (StreamingLLM), section 3.2.
    """
    sinks = Choice(num_sinks).draw(suggest, "num_sinks")
    recent = Choice(recent_tokens).draw(suggest, "recent_tokens")
    return (window_of(recent, causal=True), *first_tokens(sinks))
