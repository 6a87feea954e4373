"""Patterns of the literature, a name each: what is known of them at scale, a ranking by small models has to show."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from nas.errors import InputError
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Random, Window
from nas.space import systems
from nas.space.checks import require_words
from nas.space.choices import Choice, Union
from nas.space.needs import Needs
from nas.space.scaling import first_tokens, random_block, window_of
from nas.space.space import Shape, Suggester

NARROW, EQUAL, WIDE, ALL = 2, 5, 8, 64
"""Widths of windows, in 64ths of the sequence. EQUAL is the mean of NARROW and WIDE, so that windows of it see as many
keys as windows that grow from one to the other."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A pattern that exists at every length.

    Args:
        make: makes it for a causal shape of at least `least_layers` layers and 8 tokens.
        least_layers: with fewer layers its parts do not all occur, and it would be another pattern.
    """

    make: Callable[[Shape], ModelPattern]
    least_layers: int = 1


def _stretches(*widths: int, num_global: int = 0) -> Anchor:
    """As many stretches of layers as widths, equally long, from the first layer on."""

    def make(shape: Shape) -> ModelPattern:
        by_layer = [widths[len(widths) * index // shape.num_layers] for index in range(shape.num_layers)]
        return _windows(shape, by_layer, num_global)

    return Anchor(make, least_layers=len(widths))


def _turns(*widths: int) -> Anchor:
    """Layers take the widths in turn."""

    def make(shape: Shape) -> ModelPattern:
        return _windows(shape, [widths[index % len(widths)] for index in range(shape.num_layers)])

    return Anchor(make, least_layers=len(widths))


def _windows(shape: Shape, widths: Sequence[int], num_global: int = 0) -> ModelPattern:
    def union(width: int) -> Union:
        if width == ALL:
            return (Full(),)
        keys = max(2, shape.num_tokens * width // 64)
        return window_of(keys, causal=shape.causal), *first_tokens(num_global)

    return shape.pattern([(HeadGroup(shape.num_heads, union(width)),) for width in widths])


def _random_blocks(shape: Shape) -> ModelPattern:
    """The query itself and as many random blocks as add up to WIDE: no token sees its neighbours but by chance."""
    drawn = Random(random_block(shape), WIDE)
    return shape.pattern([(HeadGroup(shape.num_heads, (Window(0), drawn)),)] * shape.num_layers)


ANCHORS: dict[str, Anchor] = {
    "full": Anchor(systems.full),
    "local_global_1_to_1": Anchor(systems.local_global, least_layers=2),
    "local_global_3_to_1": _turns(NARROW, NARROW, NARROW, ALL),
    "local_global_5_to_1": _turns(NARROW, NARROW, NARROW, NARROW, NARROW, ALL),
    "half_full_local_first": _turns(WIDE, ALL),
    "half_full_full_first": _turns(ALL, WIDE),
    "narrow_windows": _stretches(NARROW),
    "equal_windows": _stretches(EQUAL),
    "wide_windows": _stretches(WIDE),
    "growing_windows": _stretches(NARROW, WIDE),
    "shrinking_windows": _stretches(WIDE, NARROW),
    "growing_to_full": _stretches(NARROW, ALL),
    "shrinking_from_full": _stretches(ALL, NARROW),
    "longformer": Anchor(systems.longformer),
    "longformer_growing": _stretches(NARROW, WIDE, num_global=1),
    "streaming": Anchor(systems.streaming),
    "sparse_transformer_strided": Anchor(systems.sparse_transformer_strided),
    "sparse_transformer_fixed": Anchor(systems.sparse_transformer_fixed),
    "bigbird": Anchor(systems.bigbird),
    "random_blocks": Anchor(_random_blocks),
}
"""Every anchor by name; docs/spaces.md has the source of each."""


def anchors_for(shape: Shape) -> dict[str, ModelPattern]:
    """The anchors that the shape has layers for, by name; two may be equal (with two layers, for example)."""
    return {name: anchor.make(shape) for name, anchor in ANCHORS.items() if shape.num_layers >= anchor.least_layers}


@dataclass(frozen=True, kw_only=True)
class Anchors:
    """One of the anchors, drawn once.

    Args:
        anchor: names of ANCHORS; None for all that the number of layers allows.

    Raises:
        InputError: the list is empty, or a name is repeated or unknown.
    """

    anchor: list[str] | None = None

    needs: ClassVar[Needs] = Needs(causal=True)
    baselines: ClassVar[tuple[str, ...]] = ("full", "longformer", "local_global", "streaming", "bigbird")

    def __post_init__(self) -> None:
        require_words("anchor", self.anchor, ANCHORS, "anchor")

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from a suggested name; InputError if it is not causal or has too few layers."""
        self.needs.check("space=anchors", shape)
        patterns = anchors_for(shape)
        for name in self.anchor or []:
            if name not in patterns:
                raise InputError(
                    f"space.options.anchor: {name}",
                    f"needs {ANCHORS[name].least_layers} layers or more",
                    shape.num_layers,
                    "Raise proxy.num_layers or drop the anchor.",
                )
        return patterns[Choice(self.anchor or list(patterns)).draw(suggest, "anchor")]
