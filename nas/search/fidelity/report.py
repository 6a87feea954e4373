"""What a study's ranking is worth: a handful of its patterns trained longer, with several seeds."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations, pairwise
from statistics import fmean
from typing import Any

from nas.results.trial import Trial, TrialState
from nas.search.fidelity.horizon import horizon_report
from nas.search.problem import Problem
from nas.search.scheduler.forecast import Forecaster, signed
from nas.search.scoring.objectives import Objective, values_by_trial
from nas.search.scoring.scores import mean_scores, scores_by_seed
from nas.search.trial_store import TrialStore
from nas.statistics.rank_agreement import chance_of_agreement, kendall_tau, kendall_tau_interval, regret

SIGNIFICANT = 0.05
"""How likely chance may agree as well as a ranking that is called better than chance."""
_TRAINED = (TrialState.FINISHED, TrialState.STOPPED)
NUM_TOP = 3
"""Choices that the second regret allows itself."""


Ranking = Mapping[int, Mapping[str, float]]
"""Objective values at the last rung, by trial and name."""


def study_ranking(store: TrialStore, problem: Problem, forecaster: Forecaster) -> Ranking:
    """Where the study puts every trained trial: as it shows them, forecast where halving stopped them."""
    trained = [trial for trial in store.trials if trial.scores and trial.duplicate_of is None and trial.cost]
    if not trained:
        return {}
    forecast = forecaster.now().scores
    scores = {
        trial.number: forecast[trial.number] if trial.state is TrialState.STOPPED else trial.scores for trial in trained
    }
    return values_by_trial(problem.objectives, scores, {trial.number: trial.cost for trial in trained if trial.cost})


def chosen_for_long_runs(trials: Sequence[Trial], ranking: Ranking, goal: Objective, num_patterns: int) -> list[Trial]:
    """The patterns to train longer: the best, and beside it the middle one by quality of every stratum of density.

    Trials that halving stopped are among the strata: those that it let through are alike, and say nothing of whether
    it stopped the right ones.

    Args:
        trials: of the study.
        ranking: where it puts those that were trained.
        goal: what quality is.
        num_patterns: how many; fewer if there are not as many.
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


def fidelity_report(
    store: TrialStore,
    problem: Problem,
    ranking: Ranking,
    rungs: Sequence[int],
    long_rung: int,
    chosen: Sequence[int],
    seeds: Sequence[int],
) -> dict[str, Any]:
    """How the study's ranking compares with that after longer training.

    Args:
        store: all trials; the chosen ones were trained to `long_rung` with every seed.
        problem: what was searched.
        ranking: where the study puts its trials.
        rungs: of the search, in optimiser steps, ascending.
        long_rung: in optimiser steps.
        chosen: numbers of the trials that were trained longer.
        seeds: with which.

    Returns:
        ready for JSON; see docs/fidelity.md.
    """
    by_seed = {seed: _values_at(store, problem, chosen, long_rung, [seed]) for seed in seeds}
    long = _values_at(store, problem, chosen, long_rung, seeds)
    whole = [number for number in chosen if number in long]
    return {
        "num_steps": long_rung,
        "times": long_rung // rungs[-1],
        "num_seeds": len(seeds),
        "objectives": {
            goal.name: _compare(
                goal,
                _values_of(goal, ranking, whole),
                _values_of(goal, long, whole),
                [_values_of(goal, own, own) for own in by_seed.values()],
                {number for number in whole if store[number].state is TrialState.STOPPED},
            )
            | horizon_report(store, problem, rungs, long_rung, goal, _values_of(goal, long, whole))
            for goal in problem.objectives
            if goal.scores
        },
        "rungs": [_rung(store, problem, rung, rungs[-1]) for rung in rungs[:-1]],
    }


def _values_of(goal: Objective, ranking: Ranking, numbers: Iterable[int]) -> dict[int, float]:
    return {number: ranking[number][goal.name] for number in numbers}


def _compare(
    goal: Objective,
    short: Mapping[int, float],
    long: Mapping[int, float],
    by_seed: Sequence[Mapping[int, float]],
    stopped: Collection[int],
) -> dict[str, Any]:
    """One objective: tau with its interval, the ceiling between seeds, and what a choice would have cost."""
    ours, truth = _column(short, goal), _column(long, goal)
    interval, chance = kendall_tau_interval(ours, truth), chance_of_agreement(ours, truth)
    return {
        "patterns": [
            {"trial": number, "short": short[number], "long": long[number], "forecast": number in stopped}
            for number in long
        ],
        "tau": kendall_tau(ours, truth),
        "tau_low": interval and interval.low,
        "tau_high": interval and interval.high,
        "tau_between_seeds": _mean_tau(goal, by_seed),
        "regret_of_best": regret(truth, ours) if truth else None,
        f"regret_of_best_{NUM_TOP}": regret(truth, ours, NUM_TOP) if truth else None,
        "chance": chance,
        "better_than_chance": chance is not None and chance < SIGNIFICANT,
    }


def _mean_tau(goal: Objective, by_seed: Sequence[Mapping[int, float]]) -> float | None:
    """How well two seeds agree after long training: the most that any shorter one could be asked for."""
    taus = []
    for one, other in combinations(by_seed, 2):
        both = [number for number in one if number in other]
        tau = kendall_tau(*(_column({number: own[number] for number in both}, goal) for own in (one, other)))
        taus += [] if tau is None else [tau]
    return fmean(taus) if taus else None


def _rung(store: TrialStore, problem: Problem, rung: int, last: int) -> dict[str, Any]:
    """How a rung ranks the trials that were trained to the last one."""
    early, late = store.rung_values(rung), store.rung_values(last)
    both = [number for number in late if number in early]
    taus = {
        goal.name: kendall_tau(
            *(_column({number: values[number][goal.name] for number in both}, goal) for values in (early, late))
        )
        for goal in problem.objectives
        if goal.scores
    }
    return {"num_steps": rung, "num_trials": len(both), "tau": taus}


def _values_at(
    store: TrialStore, problem: Problem, numbers: Sequence[int], rung: int, seeds: Sequence[int]
) -> dict[int, dict[str, float]]:
    """Objective values of some trials at a rung, mean over seeds; only of those that ended well with all of them."""
    scores = {}
    for number in numbers:
        own = [one for one in store[number].measurements if one.seed in seeds]
        by_seed = scores_by_seed(own, problem.scores, rung)
        if len(by_seed) == len(seeds):
            scores[number] = mean_scores(by_seed)
    costs = {number: cost for number in scores if (cost := store[number].cost)}
    return values_by_trial(problem.objectives, scores, costs)


def _column(values: Mapping[int, float], goal: Objective) -> list[float]:
    return [signed(value, goal) for value in values.values()]


def _density(trial: Trial) -> tuple[int, int]:
    assert trial.cost is not None
    return trial.cost.attention_flops, trial.number
