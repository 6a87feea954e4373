"""Scaling the sizes of primitives from one sequence length to another."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from fractions import Fraction
from math import floor
from typing import Literal, get_args

from nas.errors import InputError, PatternError

Rule = Literal["share", "tokens"]
"""How a size goes to another length: as the same share of it, or as so many tokens."""


LayerRule = Literal["depth", "period", "ends"]
"""How layers go to a model with more of them: from their proportional depth, in turn, or the first and last apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryRules:
    """The rule of every kind of size, and of layers.

    Args:
        window: keys of a window: share, the same share of the length, or tokens, as many.
        first: global tokens. A few tokens serve as sinks at every length (Xiao et al. 2024, section 3.1), so by default
            they stay as many.
        stride: `every` and `width` of strides and columns.
        block: tokens of a block, of `block`, `random` and `select`; how many blocks a query sees never changes.
        rank: rows of `low_rank`.
        memory: tokens of the previous segment.
        layers: where the other model has more: depth, its first half attends as the first of two layers; period, it
            alternates between them, as Gemma and gpt-oss do; or ends, only its first and last layer attend as the first
            and the last of three or more.

    Raises:
        InputError: a rule is none that the kind has.
    """

    window: Rule = "share"
    first: Rule = "tokens"
    stride: Rule = "share"
    block: Rule = "share"
    rank: Rule = "share"
    memory: Rule = "share"
    layers: LayerRule = "depth"

    def __post_init__(self) -> None:
        for kind, allowed in RULES.items():
            if (rule := getattr(self, kind)) not in allowed:
                raise InputError(f"carry.{kind}", f"must be one of {', '.join(allowed)}", rule)


RULES = {field.name: get_args(LayerRule if field.name == "layers" else Rule) for field in fields(CarryRules)}
"""The rules that every kind may have."""


@dataclass(frozen=True, slots=True)
class Rounding:
    """A size that is no whole number at the other length.

    Args:
        where: its place in the pattern, as `layers[0].heads[1].attend[0].before`.
        size: at the first length, in tokens.
        exact: at the other length by the rule, in tokens.
        rounded: what it became, in tokens.
    """

    where: str
    size: int
    exact: float
    rounded: int


class Scale:
    """Scales sizes, and keeps account of what it rounded.

    Args:
        from_tokens: length that sizes are of, in tokens.
        to_tokens: length that they go to, in tokens.
        rules: by kind of size.
        causal: whether the pattern is.
        grid: the factor by which each side of the grid grows; None without a grid.
    """

    def __init__(
        self, from_tokens: int, to_tokens: int, rules: CarryRules, *, causal: bool, grid: Fraction | None = None
    ) -> None:
        self.causal, self.roundings = causal, list[Rounding]()
        self.to_tokens, self._rules, self._grid = to_tokens, rules, grid
        self._factors = {"share": Fraction(to_tokens, from_tokens), "tokens": Fraction(1)}
        self._place = ""

    @contextmanager
    def at(self, place: str) -> Iterator[None]:
        """Say which part of the pattern is being scaled."""
        before, self._place = self._place, f"{self._place}.{place}" if self._place else place
        yield
        self._place = before

    def size(self, kind: str, name: str, tokens: int, at_least: int = 1, below: int | None = None) -> int:
        """A size at the other length, rounded half up; 0 stays 0.

        Args:
            kind: a field of CarryRules, whose rule it follows.
            name: of the parameter.
            tokens: at the first length.
            at_least: the smallest that means something.
            below: what it must stay below; None for anything.

        Raises:
            PatternError: it would be less than that, or not below that.
        """
        found = self._scaled(self._factors[getattr(self._rules, kind)], name, tokens, at_least)
        if below is not None and found >= below:
            allowed = f"must be less than {below} at {self.to_tokens} tokens"
            raise PatternError(f"{self._place}.{name}", allowed, found, "Use fewer, or another rule.")
        return found

    def side(self, name: str, tokens: int, at_least: int = 1) -> int:
        """A height or width on the grid, in the same way."""
        assert self._grid is not None
        return self._scaled(self._grid, name, tokens, at_least)

    def _scaled(self, factor: Fraction, name: str, tokens: int, at_least: int) -> int:
        exact = tokens * factor
        rounded = floor(exact + Fraction(1, 2))
        if tokens and rounded < at_least:
            least = float((at_least - Fraction(1, 2)) / factor)
            allowed = f"must be {least:.6g} or more, to be {at_least} or more at {self.to_tokens} tokens"
            raise PatternError(f"{self._place}.{name}", allowed, tokens, "Widen it, or carry it to a longer sequence.")
        if exact != rounded:
            self.roundings.append(Rounding(f"{self._place}.{name}", tokens, float(exact), rounded))
        return rounded
