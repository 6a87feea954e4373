"""The samplers a study may use, made anew for every trial so that each ask has its own random stream.

A sampler that lives as long as a process starts its stream again when a study is resumed. Here the
stream is a function of (study seed, trial number), so a resumed study asks what it would have asked.
"""

import hashlib
import warnings
from collections.abc import Callable
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


SAMPLERS: dict[str, Callable[[int, int], BaseSampler]] = {
    "tpe": lambda seed, number: TPESampler(seed=ask_seed(seed, number), multivariate=True, group=True),
    "nsga2": lambda seed, number: NSGAIISampler(seed=ask_seed(seed, number), population_size=POPULATION),
    "nsga3": lambda seed, number: NSGAIIISampler(seed=ask_seed(seed, number), population_size=POPULATION),
    "gp": lambda seed, number: GPSampler(seed=ask_seed(seed, number), warn_independent_sampling=False),
    "random": lambda seed, number: RandomSampler(seed=ask_seed(seed, number)),
    "qmc": _NumberedQMC,
}
"""How each sampler is made for one trial, from the study's seed and the trial's number."""


def make_sampler(name: str, seed: int, number: int) -> BaseSampler:
    """The sampler of one ask."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return SAMPLERS[name](seed, number)


def ask_seed(seed: int, number: int) -> int:
    """A 32-bit seed for one trial, from the study's seed and the trial's number."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{number}".encode()).digest()[:4], "little")
