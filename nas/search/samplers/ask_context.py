"""The context of one ask, from which its sampler is made: the seed, the space, and the evidence so far."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from optuna.samplers import BaseSampler

from nas.patterns.model import ModelPattern
from nas.search.samplers.outlook import Outlook
from nas.space.space import Suggester


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceView:
    """A study's space, as far as it can be explored without training.

    Args:
        sample: a pattern from suggested values; raises PatternError where they make none.
        costs: the cost objectives of a pattern, in their order, as shares of full attention.
        over_budget: whether a pattern exceeds a budget.
        identity: equal for two patterns that the study treats as one.
        features: of at least one pattern, shape (patterns, f).
        expected: losses that a survey of the checkpoint predicts of at least one pattern, shape (patterns, losses);
            None without a survey.
        rungs: where scores are taken, in optimiser steps, ascending.
    """

    sample: Callable[[Suggester], ModelPattern]
    costs: Callable[[ModelPattern], tuple[float, ...]]
    over_budget: Callable[[ModelPattern], bool]
    identity: Callable[[ModelPattern], str]
    features: Callable[[Sequence[ModelPattern]], NDArray[np.float64]]
    expected: Callable[[Sequence[ModelPattern]], NDArray[np.float64]] | None
    rungs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AskContext:
    """One ask, for which a sampler is made.

    Args:
        seed: the study's.
        number: the trial's.
        view: the study's space.
        outlook: computes what follows from what is known; Optuna's own samplers read the study instead.
    """

    seed: int
    number: int
    view: SpaceView
    outlook: Callable[[], Outlook]

    @property
    def own_seed(self) -> int:
        """A 32-bit seed for this trial alone."""
        return int.from_bytes(hashlib.sha256(f"{self.seed}:{self.number}".encode()).digest()[:4], "little")


MakeSampler = Callable[[AskContext], BaseSampler]
"""Makes the sampler of one ask."""
