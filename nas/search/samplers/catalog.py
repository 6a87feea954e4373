"""The samplers a study may use, made anew for every trial so that each ask has its own random stream.

A sampler that lives as long as a process starts its stream again when a study is resumed. Here the
stream is a function of (study seed, trial number), so a resumed study asks what it would have asked.
"""

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import (
    BaseSampler,
    GPSampler,
    NSGAIIISampler,
    NSGAIISampler,
    QMCSampler,
    RandomSampler,
    TPESampler,
)

from nas.search.samplers.ehvi import EHVISampler
from nas.search.samplers.evidence import Evidence
from nas.search.samplers.space_view import SpaceView

NUM_RANDOM = 4
"""Random draws before TPE and GP begin to model; Optuna's 10 are half of a small study (decision 16)."""
POPULATION = 16
"""Generation size of the genetic samplers; Optuna's 50 would leave small studies without a second one."""


class _NumberedQMC(QMCSampler):
    """Optuna's quasi-Monte Carlo sampler, its place in the sequence given by the trial's number.

    Optuna counts the places in the study's attributes, which a sampler made anew does not have.
    """

    def __init__(self, seed: int, number: int) -> None:
        super().__init__(seed=seed, scramble=True, warn_independent_sampling=False)
        self._number = number

    def _find_sample_id(self, study: optuna.Study, search_space: dict[str, Any]) -> int:
        return self._number


@dataclass(frozen=True, slots=True)
class Question:
    """What a sampler is made for.

    Args:
        seed: the study's.
        number: the trial's.
        view: the study's space.
        evidence: reads what is known of its patterns; Optuna's own samplers read the study instead.
    """

    seed: int
    number: int
    view: SpaceView
    evidence: Callable[[], Evidence]

    @property
    def own_seed(self) -> int:
        """A 32-bit seed for this trial alone."""
        return int.from_bytes(hashlib.sha256(f"{self.seed}:{self.number}".encode()).digest()[:4], "little")


SAMPLERS: dict[str, Callable[[Question], BaseSampler]] = {
    "ehvi": lambda asked: EHVISampler(asked.own_seed, asked.view, asked.evidence()),
    "tpe": lambda asked: TPESampler(seed=asked.own_seed, n_startup_trials=NUM_RANDOM, multivariate=True, group=True),
    "nsga2": lambda asked: NSGAIISampler(seed=asked.own_seed, population_size=POPULATION),
    "nsga3": lambda asked: NSGAIIISampler(seed=asked.own_seed, population_size=POPULATION),
    "gp": lambda asked: GPSampler(seed=asked.own_seed, n_startup_trials=NUM_RANDOM, warn_independent_sampling=False),
    "random": lambda asked: RandomSampler(seed=asked.own_seed),
    "qmc": lambda asked: _NumberedQMC(asked.seed, asked.number),
}
"""How each sampler is made for one trial."""


def make_sampler(name: str, question: Question) -> BaseSampler:
    """The sampler of one ask."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return SAMPLERS[name](question)
