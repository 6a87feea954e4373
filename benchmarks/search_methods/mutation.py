"""An evolutionary sampler that the product does not offer."""

import random
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as TrialStates

from nas.statistics.pareto import nondominated

NUM_PARENTS = 4
"""Trained patterns before mutation begins."""


class ParetoMutation(BaseSampler):
    """An evolutionary search: a random member of the front with one value drawn anew.

    Regularised evolution (Real et al. 2019) with the front as its parents, as searches for efficient networks use it.

    Args:
        seed: of this one ask.
    """

    def __init__(self, seed: int) -> None:
        self._draw, self._random = random.Random(seed), RandomSampler(seed)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Those of a parent, but for one."""
        known = [one for one in study.get_trials(deepcopy=False, states=(TrialStates.COMPLETE,)) if one.params]
        if len(known) < NUM_PARENTS:
            return {}
        front = [known[index] for index in nondominated([tuple(one.values or ()) for one in known])]
        self._parent = self._draw.choice(front)
        changed = self._draw.choice(sorted(self._parent.params))
        return {name: kind for name, kind in self._parent.distributions.items() if name != changed}

    def sample_relative(self, study: Study, trial: FrozenTrial, space: dict[str, BaseDistribution]) -> dict[str, Any]:
        """The parent's values."""
        return {name: self._parent.params[name] for name in space}

    def sample_independent(self, study: Study, trial: FrozenTrial, name: str, kind: BaseDistribution) -> Any:
        """What is drawn anew."""
        return self._random.sample_independent(study, trial, name, kind)
