"""A forecast of every trained trial at the last rung."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import islice
from math import nan

import numpy as np
from numpy.typing import NDArray

from nas.results.objective import Score
from nas.search.modelling.surrogate import Prediction, Surrogate
from nas.search.problem.problem import Problem
from nas.search.scoring.objectives import Goal, values_by_trial
from nas.search.trial_store import TrialStore
from nas.statistics.rank_agreement import kendall_tau

FOLDS = 5
"""Parts in which trials that have two rungs are hidden in turn, to see how well the upper one is forecast."""
LEAST_TRIALS = 6
"""With fewer trials than this at both rungs, their agreement is unknown."""


class Forecast:
    """A surrogate model's forecast from what is known at the moment when it is created.

    Nothing is computed before it is read: a resumed study passes most of its forecasts over.

    Args:
        problem: what is searched.
        store: all trials.
        rungs: in optimiser steps, ascending.
    """

    def __init__(self, problem: Problem, store: TrialStore, rungs: Sequence[int]) -> None:
        self._problem, self._objectives, self._store = problem, problem.objectives, store
        self._rungs = tuple(rungs)
        self._scores = tuple(dict.fromkeys(score for objective in problem.objectives for score in objective.scores))
        self._num_scored = [len(store.rung_scores(rung)) for rung in rungs]

    @cached_property
    def numbers(self) -> Sequence[int]:
        """The trials that it is of, by number."""
        return sorted(self._by_rung[0])

    @cached_property
    def scores(self) -> dict[int, dict[str, float]]:
        """Scores at the last rung, by trial and name: measured where possible, else forecast."""
        return self._by_trial({score.name: self._column(score) for score in self._scores})

    @cached_property
    def deviations(self) -> dict[int, dict[str, float]]:
        """Standard deviations of these scores as forecasts, by trial and name; 0 where they are measured."""
        return self._by_trial(
            {
                name: np.where(np.isnan(self._known[name][:, 0]), nan, prediction.deviation)
                for name, prediction in self._predictions.items()
            }
        )

    @cached_property
    def values(self) -> dict[int, dict[str, float]]:
        """Goal values at the last rung, by trial and name.

        Scores are forecast and objectives computed from them, so that ranks are taken among all trials, whatever their
        rung.
        """
        costs = {number: self._store[number].costs for number in self.numbers}
        return values_by_trial(self._objectives, self.scores, costs)

    def agreement(self, rung: int) -> float | None:
        """How well the rung above is forecast from a lower one: Kendall's tau-b of the first score.

        Cross-validated: trials that have both rungs are hidden above the lower one, a fold at a time, and forecast from
        the others.

        Args:
            rung: index of the lower rung.

        Returns:
            None if fewer than LEAST_TRIALS have both rungs, or all are alike.
        """
        known = next(iter(self._known.values()))[:, : rung + 2]
        whole = np.flatnonzero(~np.isnan(known[:, -1]))
        if len(whole) < LEAST_TRIALS:
            return None
        forecast = np.empty(len(known))
        for part in np.array_split(whole, min(FOLDS, len(whole))):
            hidden = known.copy()
            hidden[part, rung + 1 :] = nan
            surrogate = Surrogate(self._features, hidden, self._rungs[: rung + 2])
            forecast[part] = surrogate.predict(self._features[part], hidden[part]).mean
        return kendall_tau(forecast[whole].tolist(), known[whole, -1].tolist())

    @cached_property
    def _by_rung(self) -> list[dict[int, dict[str, float]]]:
        """Scores by trial and name, of those that had reached each rung."""
        return [
            dict(islice(self._store.rung_scores(rung).items(), number))  # the store only appends
            for rung, number in zip(self._rungs, self._num_scored, strict=True)
        ]

    @cached_property
    def _known(self) -> dict[str, NDArray[np.float64]]:
        """Every score at every rung, to be minimised, shape (trials, rungs); NaN where it is unknown."""
        return {
            score.name: np.array(
                [
                    [signed(own.get(number, {}).get(score.name), score) for own in self._by_rung]
                    for number in self.numbers
                ]
            ).reshape(len(self.numbers), len(self._rungs))
            for score in self._scores
        }

    @cached_property
    def _features(self) -> NDArray[np.float64]:
        patterns = [pattern for number in self.numbers if (pattern := self._store[number].trained_pattern)]
        return self._problem.features(patterns)

    @cached_property
    def _predictions(self) -> dict[str, Prediction]:
        """Of every score, to be minimised."""
        return {
            name: Surrogate(self._features, known, self._rungs).predict(self._features, known)
            for name, known in self._known.items()
        }

    def _column(self, score: Score) -> NDArray[np.float64]:
        """A score at the last rung; NaN for a pattern that cannot have it."""
        known = self._known[score.name]
        found = known[:, -1].copy()
        stopped = np.isnan(found) & ~np.isnan(known[:, 0])
        if stopped.any():
            found[stopped] = self._predictions[score.name].mean[stopped]
        return _sign(score) * found

    def _by_trial(self, columns: Mapping[str, NDArray[np.float64]]) -> dict[int, dict[str, float]]:
        return {
            number: {name: float(column[index]) for name, column in columns.items() if not np.isnan(column[index])}
            for index, number in enumerate(self.numbers)
        }


class Forecaster:
    """Makes the forecast at any moment of a study, once for every reading of it (`TrialStore.reading`).

    Args:
        problem: what is searched.
        store: all trials.
        rungs: in optimiser steps, ascending.
    """

    def __init__(self, problem: Problem, store: TrialStore, rungs: Sequence[int]) -> None:
        self._problem, self._store, self._rungs = problem, store, tuple(rungs)
        self._newest: tuple[int, Forecast] | None = None

    def now(self) -> Forecast:
        """The forecast from what was known at the last reading; some trial must have had scores."""
        if self._newest is None or self._newest[0] != self._store.reading:
            self._newest = (self._store.reading, Forecast(self._problem, self._store, self._rungs))
        return self._newest[1]


def signed(value: float | None, measured: Goal | Score) -> float:
    """A value to be minimised; NaN for none."""
    return nan if value is None else _sign(measured) * value


def _sign(measured: Goal | Score) -> int:
    return 1 if measured.direction == "minimize" else -1
