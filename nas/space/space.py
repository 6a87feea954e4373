"""How a search space is described: a function from suggestions to a pattern."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from nas.patterns.model import ModelPattern

Option = str | int | float | bool


class Suggester(Protocol):
    """Where a space gets its values from (in a study: the sampler)."""

    def choice(self, name: str, options: Sequence[Option]) -> Option:
        """One of the options."""
        ...

    def integer(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """A whole number from low to high, both included."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What every pattern of a study has in common.

    Args:
        num_layers: layers of the proxy.
        num_heads: heads a layer.
        num_tokens: the task's sequence length, in tokens.
        causal: the task's causality.
    """

    num_layers: int
    num_heads: int
    num_tokens: int
    causal: bool


class Space(Protocol):
    """A search space. Shipped ones stand in `search_spaces/`; a user's own is a `module:attribute`."""

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern from suggested values.

        Raises:
            PatternError: the values make no valid pattern; the trial is told as infeasible.
        """
        ...
