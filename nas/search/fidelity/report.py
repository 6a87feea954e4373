"""The fidelity report: how a study's ranking agrees with longer training of some of its patterns."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from math import isnan, nan
from statistics import fmean

from scipy.stats import kendalltau

from nas.results.fidelity import FidelityReport, LongRun, ObjectiveFidelity, RungAgreement
from nas.results.trial import TrialState
from nas.search.fidelity.horizon import Horizon, horizon
from nas.search.fidelity.long_runs import Ranking
from nas.search.problem.problem import Problem
from nas.search.scheduler.forecast import signed
from nas.search.scoring.objectives import Goal, values_by_trial
from nas.search.scoring.scores import mean_scores, scores_by_seed
from nas.search.trial_store import TrialStore
from nas.statistics.rank_agreement import kendall_tau, kendall_tau_interval, regret

SIGNIFICANT = 0.05
"""A ranking is called better than chance if an unrelated one agrees as well with a probability below this."""
NUM_TOP = 3
"""Choices that the second regret is given."""


def fidelity_report(
    store: TrialStore,
    problem: Problem,
    ranking: Ranking,
    rungs: Sequence[int],
    long_rung: int,
    chosen: Sequence[int],
    seeds: Sequence[int],
) -> FidelityReport:
    """How the study's ranking compares with the ranking after longer training.

    Args:
        store: all trials; the chosen ones were trained to `long_rung` with every seed.
        problem: what was searched.
        ranking: of the study.
        rungs: of the search, in optimiser steps, ascending.
        long_rung: of the long runs, in optimiser steps.
        chosen: numbers of the trials that were trained longer.
        seeds: of the long runs.
    """
    by_seed = {seed: _values_at(store, problem, chosen, long_rung, [seed]) for seed in seeds}
    long = _values_at(store, problem, chosen, long_rung, seeds)
    whole = [number for number in chosen if number in long]
    return FidelityReport(
        num_steps=long_rung,
        times=long_rung // rungs[-1],
        num_seeds=len(seeds),
        objectives={
            goal.name: _compare(
                goal,
                _values_of(goal, ranking, whole),
                _values_of(goal, long, whole),
                [_values_of(goal, own, own) for own in by_seed.values()],
                {number for number in whole if store[number].state is TrialState.STOPPED},
                horizon(store, problem, rungs, long_rung, goal, _values_of(goal, long, whole)),
            )
            for goal in problem.objectives
            if goal.scores
        },
        rungs=tuple(_rung(store, problem, rung, rungs[-1]) for rung in rungs[:-1]),
    )


def _values_of(goal: Goal, ranking: Ranking, numbers: Iterable[int]) -> dict[int, float]:
    return {number: ranking[number][goal.name] for number in numbers}


def _compare(
    goal: Goal,
    short: Mapping[int, float],
    long: Mapping[int, float],
    by_seed: Sequence[Mapping[int, float]],
    stopped: Collection[int],
    ahead: Horizon,
) -> ObjectiveFidelity:
    """One objective: tau with its interval, the ceiling between seeds, and what a choice would have cost."""
    ours, truth = _column(short, goal), _column(long, goal)
    interval, chance = kendall_tau_interval(ours, truth), chance_of_agreement(ours, truth)
    return ObjectiveFidelity(
        patterns=tuple(
            LongRun(trial=number, short=short[number], long=long[number], forecast=number in stopped) for number in long
        ),
        tau=kendall_tau(ours, truth),
        tau_low=interval.low if interval else None,
        tau_high=interval.high if interval else None,
        tau_between_seeds=_mean_tau(goal, by_seed),
        regret_of_best=regret(truth, ours) if truth else None,
        regret_of_best_3=regret(truth, ours, NUM_TOP) if truth else None,
        chance=chance,
        better_than_chance=chance is not None and chance < SIGNIFICANT,
        forecasts=ahead.forecasts,
        moved=ahead.moved,
    )


def chance_of_agreement(first: Sequence[float], second: Sequence[float]) -> float | None:
    """The probability, 0 to 1, that two unrelated rankings of as many items agree as well as these or better.

    Args:
        first: one value per item.
        second: the other values of the same items.

    Returns:
        None if one side has no pair that differs.

    Source: scipy.stats.kendalltau, one-sided; exact where there are no ties.
    """
    chance = kendalltau(first, second, alternative="greater").pvalue if len(first) > 1 else nan
    return None if isnan(chance) else float(chance)


def _mean_tau(goal: Goal, by_seed: Sequence[Mapping[int, float]]) -> float | None:
    """How well two seeds agree after long training: an upper bound for what shorter training can reach."""
    taus = []
    for one, other in combinations(by_seed, 2):
        both = [number for number in one if number in other]
        tau = kendall_tau(*(_column({number: own[number] for number in both}, goal) for own in (one, other)))
        taus += [] if tau is None else [tau]
    return fmean(taus) if taus else None


def _rung(store: TrialStore, problem: Problem, rung: int, last: int) -> RungAgreement:
    """How well a rung ranks the trials that were trained to the last one."""
    early, late = store.rung_values(rung), store.rung_values(last)
    both = [number for number in late if number in early]
    taus = {
        goal.name: kendall_tau(
            *(_column({number: values[number][goal.name] for number in both}, goal) for values in (early, late))
        )
        for goal in problem.objectives
        if goal.scores
    }
    return RungAgreement(num_steps=rung, num_trials=len(both), tau=taus)


def _values_at(
    store: TrialStore, problem: Problem, numbers: Sequence[int], rung: int, seeds: Sequence[int]
) -> dict[int, dict[str, float]]:
    """Goal values of some trials at a rung, mean over seeds; only of those that ended well with every seed."""
    scores = {}
    for number in numbers:
        own = [one for one in store[number].measurements if one.seed in seeds]
        by_seed = scores_by_seed(own, problem.scores, rung)
        if len(by_seed) == len(seeds):
            scores[number] = mean_scores(by_seed)
    return values_by_trial(problem.objectives, scores, {number: store[number].costs for number in scores})


def _column(values: Mapping[int, float], goal: Goal) -> list[float]:
    return [signed(value, goal) for value in values.values()]
