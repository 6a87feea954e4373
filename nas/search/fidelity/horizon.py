"""The ranking after longer training: every finished trial forecast to the horizon of the long runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np

from nas.results.fidelity import Forecast, Move
from nas.results.trial import TrialState
from nas.search.modelling.surrogate import Surrogate
from nas.search.problem.problem import Problem
from nas.search.scheduler.forecast import signed
from nas.search.scoring.objectives import Goal
from nas.search.scoring.scores import as_measured, with_first_seed
from nas.search.trial_store import TrialStore

FAR = 2
"""Places in the ranking by which a trial must move to be reported."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """The finished trials of a study, forecast to the length of the long runs.

    Args:
        forecasts: one per finished trial; empty for a mean rank.
        moved: those whose place changes by FAR or more.
    """

    forecasts: tuple[Forecast, ...] = ()
    moved: tuple[Move, ...] = ()


def horizon(
    store: TrialStore,
    problem: Problem,
    rungs: Sequence[int],
    long_rung: int,
    goal: Goal,
    long: Mapping[int, float],
) -> Horizon:
    """The ranking at the horizon of the long runs, and which trials move in it.

    To the model that forecasts rungs, the long runs are one more rung; it forecasts every other trial to it from its
    scores and its pattern. Long runs of trials that halving stopped lack rungs below and are left out.

    Args:
        store: all trials.
        problem: what was searched.
        rungs: of the search, in optimiser steps, ascending.
        long_rung: of the long runs, in optimiser steps.
        goal: the objective that is forecast.
        long: its values after the long runs, by trial.
    """
    # A mean rank among the few long runs is not comparable with one among all trials.
    if len(goal.scores) > 1:
        return Horizon()
    measured = as_measured(goal.scores[0])  # as the long runs are
    by_rung = [with_first_seed(store.trials, measured, rung) for rung in rungs]
    if not by_rung[0]:
        return Horizon()
    trials = [trial for trial in store.trials if trial.number in by_rung[0] and trial.duplicate_of is None]
    patterns = [pattern for trial in trials if (pattern := trial.trained_pattern)]
    features = problem.features(patterns)
    known = np.array(
        [
            [
                *(signed(values.get(trial.number), goal) for values in by_rung),
                signed(long[trial.number], goal) if trial.number in long and trial.number in by_rung[-1] else nan,
            ]
            for trial in trials
        ]
    )
    prediction = Surrogate(features, known, [*rungs, long_rung]).predict(features, known)
    finished = [place for place, trial in enumerate(trials) if trial.state is TrialState.FINISHED]
    now = _places({trials[place].number: signed(trials[place].values[goal.name], goal) for place in finished})
    then = _places({trials[place].number: float(prediction.mean[place]) for place in finished})
    return Horizon(
        forecasts=tuple(
            Forecast(
                trial=trials[place].number,
                value=signed(float(prediction.mean[place]), goal),
                standard_deviation=float(prediction.deviation[place]),
            )
            for place in finished
        ),
        moved=tuple(
            Move(trial=number, place=now[number], forecast_place=then[number])
            for number in now
            if abs(now[number] - then[number]) >= FAR
        ),
    )


def _places(values: Mapping[int, float]) -> dict[int, int]:
    """Places by number, 1 for the best."""
    ordered = sorted(values, key=lambda number: (values[number], number))
    return {number: place for place, number in enumerate(ordered, 1)}
