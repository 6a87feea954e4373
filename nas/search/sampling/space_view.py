"""What a sampler may try out by itself, before anything is trained."""

from collections.abc import Callable
from dataclasses import dataclass

from nas.patterns.model import ModelPattern
from nas.space.space import Suggester


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceView:
    """A study's space as far as it can be seen for free.

    Args:
        sample: a pattern from suggested values; raises PatternError where they make none.
        costs: the cost objectives of a pattern, in their order, as shares of full attention.
        over_budget: whether a pattern breaks a budget.
        identity: what two patterns share that the study takes for one.
        num_tokens: length of the sequences that are trained on, in tokens.
        measured: by objective, in order: whether it is measured by training rather than counted.
        rungs: where scores are taken, in optimiser steps, ascending.
    """

    sample: Callable[[Suggester], ModelPattern]
    costs: Callable[[ModelPattern], tuple[float, ...]]
    over_budget: Callable[[ModelPattern], bool]
    identity: Callable[[ModelPattern], str]
    num_tokens: int
    measured: tuple[bool, ...]
    rungs: tuple[int, ...]
