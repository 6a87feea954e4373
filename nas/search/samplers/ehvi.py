"""Our own sampler: of many cheap candidates, it suggests the one with the largest expected hypervolume improvement.

It reads what Optuna's samplers are not given: a pattern's mask, its costs, and its scores at all rungs.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import FrozenTrial

from nas.search.modelling.surrogate import JointPrediction
from nas.search.samplers.ask_context import SpaceView
from nas.search.samplers.candidates import Candidate, draw_candidates
from nas.search.samplers.improvement import expected_hypervolume_improvement, undominated
from nas.search.samplers.outlook import Models, Outlook
from nas.search.samplers.parameters import Params
from nas.search.samplers.predicted_patterns import choose_predicted

Array = NDArray[np.float64]

NUM_CANDIDATES = 64
"""Candidates that are compared in one ask."""
MOST_DRAWS = 128
"""Draws of the space in one ask; many may be known, impossible or over budget."""
NUM_FUTURES = 16
"""Joint draws of the uncertain values of known patterns."""
NUM_FUTURES_OF_SEVERAL = 64
"""The same where several objectives are measured: then candidates' values are drawn too, in all but the first one."""
MARGIN = 0.1
"""How far the reference point lies beyond the known points, as a share of their range."""


class EHVISampler(BaseSampler):
    """Suggests the candidate with the largest expected hypervolume improvement.

    Its suggestion is a function of the seed and the outlook; nothing is kept between trials.

    Args:
        seed: of this one ask.
        number: of the trial, baselines not counted.
        view: the study's space.
        outlook: what follows from what is known.
    """

    def __init__(self, seed: int, number: int, view: SpaceView, outlook: Outlook) -> None:
        self._seed, self._number, self._view, self._outlook = seed, number, view, outlook
        self._random = RandomSampler(seed)
        self._params: Params = {}

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """The parameters of the chosen candidate; none if no new pattern was found."""
        predicted = choose_predicted(self._view, self._outlook, self._number, self._seed)
        chosen = predicted or choose(self._view, self._outlook, self._seed)
        if chosen is None:
            return {}
        self._params = chosen.params
        return dict(chosen.parameters)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The values of the chosen candidate."""
        return dict(self._params)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """A random value, when no candidate was chosen."""
        return self._random.sample_independent(study, trial, param_name, param_distribution)


def choose(view: SpaceView, outlook: Outlook, seed: int) -> Candidate | None:
    """The pattern to suggest next; None if no new one within the budgets was found.

    Args:
        view: the study's space.
        outlook: what follows from what is known.
        seed: of this one ask.

    Raises:
        InputError: the space's options do not go with the study.
    """
    models = outlook.models
    if models is None:
        return next(iter(draw_candidates(view, (), outlook.ids, 1, MOST_DRAWS, seed)), None)
    candidates = draw_candidates(view, models.parents, outlook.ids, NUM_CANDIDATES, MOST_DRAWS, seed)
    if not candidates:
        return None
    together = models.together(view.features([each.pattern for each in candidates]))
    costs = np.array([each.costs for each in candidates]).reshape(len(candidates), -1)
    return candidates[int(np.argmax(_improvements(together, models, costs, seed)))]


def _improvements(together: list[JointPrediction], models: Models, costs: Array, seed: int) -> Array:
    """Expected hypervolume improvement of every candidate.

    The first measured objective is integrated exactly; other uncertain values are drawn and averaged over.

    Args:
        together: forecasts of every measured objective, the known patterns first and the candidates after them.
        models: what is known.
        costs: shape (m, costs).
        seed: of the draws.

    Returns:
        shape (m,).
    """
    first, *rest = together
    num_known = len(models.costs)
    certain = not rest and not first.covariance[:num_known].any()
    num_futures = 1 if certain else NUM_FUTURES_OF_SEVERAL if rest else NUM_FUTURES
    drawn, means, measured = first.given(num_known, num_futures, seed)
    deviation = np.sqrt(np.maximum(measured**2 - first.noise, 0))  # measurement noise is no improvement
    others = [each.sample(num_futures, seed + 1 + index) for index, each in enumerate(rest)]
    all_costs = np.concatenate([models.costs, costs])
    reference = _reference(np.column_stack([*(each.mean for each in together), all_costs]), num_known, models.floor)
    total = np.zeros(len(costs))
    for future in range(num_futures):
        rest_of_point = np.column_stack([*(draws[future] for draws in others), all_costs])
        front = undominated(np.column_stack([drawn[future], rest_of_point[:num_known]]))
        total += expected_hypervolume_improvement(
            drawn[future, front],
            rest_of_point[:num_known][front],
            means[future],
            deviation,
            rest_of_point[num_known:],
            reference,
        )
    return total


def _reference(points: Array, num_known: int, floor: Array) -> Array:
    """The point that bounds the hypervolume: a little beyond all costs, and beyond the forecast front's qualities.

    Farther out, it would reward candidates for being better than useless ones. What is cheapest is on the front however
    bad it is, so qualities count up to those of the worst baseline.

    Args:
        points: mean of every objective, shape (patterns, objectives); known patterns and measured objectives first.
        num_known: number of known patterns.
        floor: of the measured objectives, shape (measured,).
    """
    num_measured = len(floor)
    points = points.copy()
    points[:, :num_measured] = np.minimum(points[:, :num_measured], floor)
    worst = points.max(axis=0)
    if num_known:
        front = points[:num_known][undominated(points[:num_known])]
        worst[:num_measured] = front[:, :num_measured].max(axis=0)
    reference: Array = worst + MARGIN * np.ptp(points, axis=0)
    return reference
