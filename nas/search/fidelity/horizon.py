"""What longer training would make of the ranking: every finished trial forecast to the horizon of the long runs."""

from collections.abc import Mapping, Sequence
from math import nan
from typing import Any

import numpy as np

from nas.results.trial import Trial, TrialState
from nas.search.modelling.surrogate import Surrogate
from nas.search.problem import Problem
from nas.search.scheduler.forecast import signed
from nas.search.scoring.objectives import Objective
from nas.search.trial_store import TrialStore

FAR = 2
"""Places in the ranking by which a trial must move to be told."""


def horizon_report(
    store: TrialStore,
    problem: Problem,
    rungs: Sequence[int],
    long_rung: int,
    goal: Objective,
    long: Mapping[int, float],
) -> dict[str, Any]:
    """The ranking at the horizon of the long runs, and who moves in it.

    The long runs are one rung more to the model that forecasts rungs; it says how far every other trial would get, from
    its scores and from its pattern. Long runs of trials that halving stopped lack rungs before it and are left out.

    Args:
        store: all trials.
        problem: what was searched.
        rungs: of the search, in optimiser steps, ascending.
        long_rung: of the long runs, in optimiser steps.
        goal: the objective that is forecast.
        long: its values after the long runs, by trial.

    Returns:
        `forecasts` (trial, value, standard_deviation; 0 for those that were trained) and `moved` (trial, from, to:
        places among the finished ones, from 1), ready for JSON; both empty for a mean rank.
    """
    by_rung = [store.rung_values(rung) for rung in rungs]
    # A mean rank among the few long runs is none among all trials.
    if len(goal.scores) > 1 or not by_rung[0]:
        return {"forecasts": [], "moved": []}
    trials = [trial for trial in store.trials if trial.number in by_rung[0] and trial.duplicate_of is None]
    patterns = [trial.pattern for trial in trials if trial.pattern is not None]
    features = problem.features(patterns)
    known = np.array(
        [
            [
                *(signed(_at(values, trial, goal), goal) for values in by_rung),
                signed(long[trial.number], goal) if trial.number in long and trial.number in by_rung[-1] else nan,
            ]
            for trial in trials
        ]
    )
    prediction = Surrogate(features, known, [*rungs, long_rung]).predict(features, known)
    finished = [place for place, trial in enumerate(trials) if trial.state is TrialState.FINISHED]
    now = _places({trials[place].number: signed(trials[place].values[goal.name], goal) for place in finished})
    then = _places({trials[place].number: float(prediction.mean[place]) for place in finished})
    return {
        "forecasts": [
            {
                "trial": trials[place].number,
                "value": signed(float(prediction.mean[place]), goal),
                "standard_deviation": float(prediction.deviation[place]),
            }
            for place in finished
        ],
        "moved": [
            {"trial": number, "from": now[number], "to": then[number]}
            for number in now
            if abs(now[number] - then[number]) >= FAR
        ],
    }


def _at(values: Mapping[int, Mapping[str, float]], trial: Trial, goal: Objective) -> float | None:
    return values[trial.number][goal.name] if trial.number in values else None


def _places(values: Mapping[int, float]) -> dict[int, int]:
    """Places from 1 for the best."""
    ordered = sorted(values, key=lambda number: (values[number], number))
    return {number: place for place, number in enumerate(ordered, 1)}
