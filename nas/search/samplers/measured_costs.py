"""What patterns take on the device, as samplers compare candidates by it: measured, or forecast from what was."""

from collections.abc import Mapping

import numpy as np

from nas.patterns.model import ModelPattern
from nas.results.objective import PROFILED, cost_values
from nas.search.modelling.cost_forecast import CostForecast
from nas.search.problem.problem import Problem
from nas.search.trial_store import TrialStore

_READ = ("flops", "kv_cache_bytes")
"""The counted costs that the forecast reads; a pattern always has some of each."""


class MeasuredCosts:
    """Measured costs of any pattern: a search compares hundreds of candidates for each one that it can measure.

    Args:
        problem: what is searched.
        store: all trials; those with a profile were measured.
    """

    def __init__(self, problem: Problem, store: TrialStore) -> None:
        self._problem, self._store = problem, store
        self._num_known = 0
        self._known: dict[str, dict[str, float]] = {}
        self._forecasts: dict[str, CostForecast] = {}

    def of(self, pattern: ModelPattern) -> Mapping[str, float]:
        """The measured costs by name of the objective; none if nothing was measured in this study."""
        if self._store.num_profiles != self._num_known:
            self._learn()
        name = self._problem.shape.identity(pattern) if self._known else ""
        if self._known and name not in self._known:
            features, counted = self._problem.features([pattern]), np.array([self._read(pattern)])
            self._known[name] = {
                objective: float(forecast.predict(features, counted)[0])
                for objective, forecast in self._forecasts.items()
            }
        return self._known.get(name, {})

    def _learn(self) -> None:
        """Take what was measured so far, and forget older forecasts."""
        self._num_known = self._store.num_profiles
        profiled = [
            (trial.trained_pattern, trial.costs)
            for trial in self._store.trials
            if trial.profile and trial.trained_pattern and trial.duplicate_of is None
        ]
        identity = self._problem.shape.identity
        self._known = {identity(pattern): {name: costs[name] for name in PROFILED} for pattern, costs in profiled}
        features = self._problem.features([pattern for pattern, _ in profiled])
        counted = np.array([self._read(pattern) for pattern, _ in profiled])
        self._forecasts = {
            name: CostForecast(features, counted, np.array([costs[name] for _, costs in profiled])) for name in PROFILED
        }

    def _read(self, pattern: ModelPattern) -> list[float]:
        costs = cost_values(self._problem.estimated_cost(pattern))
        return [costs[name] for name in _READ]
