"""Carrying a pattern to another sequence length: the same choices there, and what had to be rounded."""

from collections.abc import Sequence
from fractions import Fraction
from math import isqrt

from nas.errors import PatternError
from nas.patterns.layer import HeadGroup, LayerPattern
from nas.patterns.model import ModelPattern
from nas.patterns.primitives.base import Grid
from nas.patterns.primitives.scale import CarryRules, Rounding, Scale
from nas.ranges import check_num_tokens


def carried(
    pattern: ModelPattern, from_tokens: int, to_tokens: int, rules: CarryRules | None = None
) -> tuple[ModelPattern, Sequence[Rounding]]:
    """The same choices at another length: every size follows its rule, the rest stays as it is.

    Layers and heads stay too (`nas.patterns.stretch` changes these). A pattern on a grid goes to a grid of the same
    proportions, and its heights and widths with it, whatever the rules.

    Args:
        pattern: made for the first length.
        from_tokens: that length, in tokens, 1 or more.
        to_tokens: the other length, in tokens, 1 or more.
        rules: by kind of size; None for the defaults.

    Returns:
        the pattern at the other length, and the sizes that were rounded.

    Raises:
        InputError: a length is out of range.
        PatternError: a size would come to nothing, or a grid of the same proportions does not have so many tokens.
    """
    check_num_tokens(from_tokens, "from_tokens")
    check_num_tokens(to_tokens, "to_tokens")
    if from_tokens == to_tokens:
        return pattern, ()
    factor = None if pattern.grid is None else _grid_factor(pattern.grid, from_tokens, to_tokens)
    scale = Scale(from_tokens, to_tokens, rules or CarryRules(), causal=pattern.causal, grid=factor)
    layers, memories = [], []
    for layer in pattern.layers:
        with scale.at(f"layers[{layer.index}]"):
            layers.append(_groups(layer, scale))
            memories.append(scale.size("memory", "memory_tokens", layer.memory_tokens))
    found = ModelPattern.of(
        layers,
        causal=pattern.causal,
        grid=_grown(pattern.grid, factor),
        position=pattern.position,
        memory_tokens=memories,
    )
    return found, tuple(scale.roundings)


def _groups(layer: LayerPattern, scale: Scale) -> tuple[HeadGroup, ...]:
    groups = []
    for place, group in enumerate(layer.heads):
        attend = []
        for index, primitive in enumerate(group.attend):
            with scale.at(f"heads[{place}].attend[{index}]"):
                attend.append(primitive.scaled(scale))
        groups.append(HeadGroup(group.count, tuple(attend)))
    return tuple(groups)


def _grid_factor(grid: tuple[int, int], from_tokens: int, to_tokens: int) -> Fraction:
    """How much longer each side is."""
    rows, columns = grid
    if rows * columns != from_tokens:
        raise PatternError("grid", f"must have from_tokens ({from_tokens}) cells", list(grid))
    ratio = Fraction(to_tokens, from_tokens)
    factor = Fraction(isqrt(ratio.numerator), isqrt(ratio.denominator))
    if factor * factor != ratio or any((side * factor).denominator != 1 for side in grid):
        allowed = f"must have a grid of the same proportions with {to_tokens} tokens"
        raise PatternError("grid", allowed, list(grid), "Use a length of which there is one.")
    return factor


def _grown(grid: Grid, factor: Fraction | None) -> Grid:
    return grid if grid is None or factor is None else (int(grid[0] * factor), int(grid[1] * factor))
