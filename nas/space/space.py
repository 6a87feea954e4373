"""How a search space is described: a function from suggestions to a pattern."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Protocol

from nas.errors import InputError
from nas.patterns.layer import HeadGroup
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


def check_options(name: str, options: Sequence[object]) -> None:
    """Refuse options that no sampler could choose from and no study could keep.

    Raises:
        InputError: none at all, or one that is no text, no truth value and no finite number.
    """
    odd = [option for option in options if not isinstance(option, str | int | float) or option in (inf, -inf)]
    odd += [option for option in options if option != option]
    if odd or not options:
        allowed = "must have options to choose from: texts, finite numbers, true or false"
        raise InputError(f"space parameter {name}", allowed, odd[0] if odd else [])


def check_asked_alike(asked: dict[str, Hashable], name: str, question: Hashable) -> None:
    """Refuse a parameter that a trial asks for a second time in another way; note how it is asked for.

    Args:
        asked: how the parameters of this trial were asked for so far; grows.
        name: the parameter.
        question: all that decides what may be drawn.

    Raises:
        InputError: one value cannot answer both questions.
    """
    if (before := asked.setdefault(name, question)) != question:
        remedy = "Give one of them another name."
        raise InputError(f"space parameter {name}", f"must be asked for as before, {before}", question, remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What every pattern of a study has in common.

    Args:
        num_layers: layers of the proxy.
        num_heads: heads a layer.
        num_tokens: the task's sequence length, in tokens.
        causal: the task's causality.
        grid: rows and columns of the task's 2-D input, or None.
        context: whether the task gives the segment before each sequence, which a memory needs.
        weighted: whether weights were there before the patterns, so that it matters which head attends how.
        retrieval_heads: every (layer, head), those first that look back for what is asked; empty where nobody knows.
    """

    num_layers: int
    num_heads: int
    num_tokens: int
    causal: bool
    grid: tuple[int, int] | None = None
    context: bool = False
    weighted: bool = False
    retrieval_heads: tuple[tuple[int, int], ...] = ()

    def identity(self, pattern: ModelPattern) -> str:
        """What two patterns of the shape share that no study needs to tell apart."""
        return pattern.id_in_order if self.weighted else pattern.id

    def pattern(
        self,
        layers: Sequence[tuple[HeadGroup, ...]],
        *,
        position: str = "rope",
        memory_tokens: Sequence[int] | None = None,
    ) -> ModelPattern:
        """A model from the head groups of its layers, with the shape's causality and grid.

        Raises:
            PatternError: the groups break the contract; the message names the layer.
        """
        return ModelPattern.of(
            layers, causal=self.causal, grid=self.grid, position=position, memory_tokens=memory_tokens
        )


class Space(Protocol):
    """A search space. Shipped ones stand in `search_spaces/`; a user's own is a `module:attribute`.

    It may name the baselines that its studies train, as `baselines: ClassVar[tuple[str, ...]]`
    (`nas.space.baselines.baselines_for`).
    """

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern from suggested values.

        Raises:
            PatternError: the values make no valid pattern; the trial is told as infeasible.
            InputError: no pattern of the space has this shape; nothing is trained.
        """
        ...
