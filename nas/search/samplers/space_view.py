"""What a sampler may try out by itself, before anything is trained."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
        features: of at least one pattern, shape (patterns, f).
        rungs: where scores are taken, in optimiser steps, ascending.
    """

    sample: Callable[[Suggester], ModelPattern]
    costs: Callable[[ModelPattern], tuple[float, ...]]
    over_budget: Callable[[ModelPattern], bool]
    identity: Callable[[ModelPattern], str]
    features: Callable[[Sequence[ModelPattern]], NDArray[np.float64]]
    rungs: tuple[int, ...]
