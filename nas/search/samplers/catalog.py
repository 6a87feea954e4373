"""The samplers that a study can use, constructed for every trial so that each ask has its own random stream.

A sampler that lives as long as a process restarts its stream when a study is resumed. Here the stream is a function of
(study seed, trial number), so a resumed study gets the same suggestions as an uninterrupted one.
"""

from typing import Any

import optuna
from optuna.samplers import (
    GPSampler,
    NSGAIIISampler,
    NSGAIISampler,
    QMCSampler,
    RandomSampler,
    TPESampler,
)

from nas.search.samplers.ask_context import MakeSampler
from nas.search.samplers.ehvi import EHVISampler

NUM_RANDOM = 4
"""Random draws before TPE and GP start to model; Optuna's 10 are half of a small study (decision 16)."""
POPULATION = 16
"""Generation size of the genetic samplers; Optuna's 50 would leave small studies without a second one."""


class _NumberedQMC(QMCSampler):
    """Optuna's quasi-Monte Carlo sampler, with the trial's number as its place in the sequence.

    Optuna counts places in the attributes of the study, which does not outlive one ask here.
    """

    def __init__(self, seed: int, number: int) -> None:
        super().__init__(seed=seed, scramble=True, warn_independent_sampling=False)
        self._number = number

    def _find_sample_id(self, study: optuna.Study, search_space: dict[str, Any]) -> int:
        return self._number


SAMPLERS: dict[str, MakeSampler] = {
    "ehvi": lambda asked: EHVISampler(asked.own_seed, asked.number, asked.view, asked.outlook()),
    "tpe": lambda asked: TPESampler(seed=asked.own_seed, n_startup_trials=NUM_RANDOM, multivariate=True, group=True),
    "nsga2": lambda asked: NSGAIISampler(seed=asked.own_seed, population_size=POPULATION),
    "nsga3": lambda asked: NSGAIIISampler(seed=asked.own_seed, population_size=POPULATION),
    "gp": lambda asked: GPSampler(seed=asked.own_seed, n_startup_trials=NUM_RANDOM, warn_independent_sampling=False),
    "random": lambda asked: RandomSampler(seed=asked.own_seed),
    "qmc": lambda asked: _NumberedQMC(asked.seed, asked.number),
}
"""How each sampler of `nas.search.settings.SAMPLER_NAMES` is made for one ask."""
