"""The long runs of a study: the ranking that they check, and which trials are chosen for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from nas.results.fidelity import LongRun
from nas.results.trial import Trial, TrialState
from nas.search.estimates import estimates, means
from nas.search.problem.problem import Problem
from nas.search.scheduler.forecast import Forecaster, signed
from nas.search.scoring.objectives import Goal, values_by_trial
from nas.search.trial_store import TrialStore

_TRAINED = (TrialState.FINISHED, TrialState.STOPPED)

Ranking = Mapping[int, Mapping[str, float]]
"""Goal values at the last rung, by trial and name."""


@dataclass(frozen=True, slots=True)
class LongRuns:
    """The long runs of a study.

    Args:
        numbers: of the trials that were trained longer.
        rung: their length, in optimiser steps.
        seeds: of each, the search's own first.
    """

    numbers: Sequence[int]
    rung: int
    seeds: Sequence[int]


def study_ranking(store: TrialStore, problem: Problem, forecaster: Forecaster) -> Ranking:
    """The study's ranking of every trained trial: by estimates, or by forecasts where halving stopped a trial."""
    trained = [trial for trial in store.trials if trial.scores and trial.duplicate_of is None and trial.cost]
    if not trained:
        return {}
    forecast, estimated = forecaster.now().scores, means(estimates(store.trials, problem))
    scores = {
        trial.number: (forecast if trial.state is TrialState.STOPPED else estimated)[trial.number] for trial in trained
    }
    return values_by_trial(problem.objectives, scores, {trial.number: trial.costs for trial in trained})


def both_values(store: TrialStore, goal: Goal, ranking: Ranking, long: Ranking) -> tuple[LongRun, ...]:
    """What the study and longer, or larger, training say of one objective.

    Args:
        store: all trials.
        goal: the objective.
        ranking: of the study.
        long: of the other training; its trials are compared.
    """
    return tuple(
        LongRun(
            trial=number,
            short=ranking[number][goal.name],
            long=values[goal.name],
            forecast=store[number].state is TrialState.STOPPED,
        )
        for number, values in long.items()
    )


def chosen_for_long_runs(trials: Sequence[Trial], ranking: Ranking, goal: Goal, num_patterns: int) -> list[Trial]:
    """The patterns to train longer: the best one, and from every stratum of density the median by quality.

    The strata include trials that halving stopped: those that it promoted are alike, and cannot show whether it
    stopped the right ones.

    Args:
        trials: of the study.
        ranking: of those that were trained.
        goal: the quality that counts.
        num_patterns: how many; fewer if fewer were trained.
    """

    def worth(trial: Trial) -> tuple[float, int]:
        return signed(ranking[trial.number][goal.name], goal), trial.number

    trained = [trial for trial in trials if trial.number in ranking and trial.state in _TRAINED]
    if len(trained) <= num_patterns:
        return trained
    best = min((trial for trial in trained if trial.state is TrialState.FINISHED), key=worth)
    others = sorted((trial for trial in trained if trial is not best), key=_density)
    num_strata = num_patterns - 1
    edges = [len(others) * part // num_strata for part in range(num_strata + 1)] if num_strata else []
    strata = [others[low:high] for low, high in pairwise(edges)]
    middle = [sorted(stratum, key=worth)[len(stratum) // 2] for stratum in strata]
    return sorted([best, *middle], key=lambda trial: trial.number)


def _density(trial: Trial) -> tuple[int, int]:
    assert trial.cost is not None
    return trial.cost.attention_flops, trial.number
