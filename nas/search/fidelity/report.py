"""The fidelity report: how a study's ranking agrees with longer training of some of its patterns."""

from collections.abc import Iterable, Mapping, Sequence

from nas.proxy.settings import TrainingSettings
from nas.results.fidelity import FidelityReport, ObjectiveFidelity, RungAgreement
from nas.results.front import CONTENDING
from nas.results.trial import Trial, TrialState
from nas.search.fidelity.agreement import agreement, agreement_without_noise, columns, ranking_noise
from nas.search.fidelity.horizon import horizon
from nas.search.fidelity.long_runs import LongRuns, Ranking, both_values
from nas.search.fidelity.steps import share_of_long_runs
from nas.search.fidelity.worth import regret_of_front, untrained_share
from nas.search.problem.problem import Problem
from nas.search.scheduler.forecast import signed
from nas.search.scoring.noise import score_noise
from nas.search.scoring.objectives import Goal, values_by_trial
from nas.search.scoring.scores import as_measured, mean_scores, scores_by_seed
from nas.search.trial_store import TrialStore
from nas.statistics.rank_agreement import kendall_tau, regret
from nas.statistics.tau_posterior import noise_ceiling

NUM_TOP = 3
"""Choices that the second regret is given."""


def fidelity_report(
    store: TrialStore,
    problem: Problem,
    training: TrainingSettings,
    rungs: Sequence[int],
    ranking: Ranking,
    front: Sequence[Trial],
    chances: Mapping[int, float],
    runs: LongRuns,
) -> FidelityReport:
    """How the study's ranking compares with the ranking after longer training.

    Args:
        store: all trials; those of the long runs were trained so long with every seed.
        problem: what was searched.
        training: how.
        rungs: of the search, in optimiser steps, ascending.
        ranking: of the study.
        front: its points.
        chances: probabilities of being on the front, by trial; empty if they are unknown.
        runs: the long runs.
    """
    long = _values_at_end(store, problem, runs)
    return FidelityReport(
        num_steps=runs.rung,
        times=runs.rung // rungs[-1],
        num_seeds=len(runs.seeds),
        share_of_steps=share_of_long_runs(store.trials, training, rungs[-1]),
        objectives={
            goal.name: _compare(store, problem, rungs, goal, ranking, long, chances, runs)
            for goal in problem.objectives
            if goal.scores
        },
        rungs=tuple(_rung(store, problem, rung, rungs[-1]) for rung in rungs[:-1]),
        regret_of_front=regret_of_front(store, problem, ranking, long),
        untrained_share=untrained_share(store, problem, ranking, front, runs.seeds[0]),
    )


def _compare(
    store: TrialStore,
    problem: Problem,
    rungs: Sequence[int],
    goal: Goal,
    ranking: Ranking,
    long: Ranking,
    chances: Mapping[int, float],
    runs: LongRuns,
) -> ObjectiveFidelity:
    """One objective: its agreements, what noise allows, and what a choice would have cost."""
    short, after = _signed_values(goal, ranking, long), _signed_values(goal, long, long)
    stopped = {number for number in long if store[number].state is TrialState.STOPPED}
    ours, truth = columns(short, after, long)
    freed = ceiling = None
    deviation, measured = _deviations(store, goal)
    if deviation is not None and measured is not None and long:
        noise = ranking_noise([store[number] for number in long], deviation, measured, rungs[-1], runs.rung, runs.seeds)
        freed = agreement_without_noise(short | _measured(store, goal, long.keys() - stopped), after, noise)
        ceiling = noise_ceiling(truth, noise.second)
    ahead = horizon(store, problem, rungs, runs.rung, goal, {number: long[number][goal.name] for number in long})
    return ObjectiveFidelity(
        patterns=both_values(store, goal, ranking, long),
        agreement=agreement(short, after, long),
        contenders=agreement(short, after, [number for number in long if chances.get(number, 0.0) >= CONTENDING]),
        measured=agreement(short, after, long.keys() - stopped),
        forecast=agreement(short, after, stopped),
        freed_of_noise=freed,
        noise_ceiling=ceiling,
        regret_of_best=regret(truth, ours) if truth else None,
        regret_of_best_3=regret(truth, ours, NUM_TOP) if truth else None,
        forecasts=ahead.forecasts,
        moved=ahead.moved,
    )


def _deviations(store: TrialStore, goal: Goal) -> tuple[float | None, float | None]:
    """Standard deviations between seeds of what the study ranks by, and of what is measured at one length."""
    if len(goal.scores) > 1:
        return None, None
    score, name = goal.scores[0], goal.scores[0].name
    return score_noise(store.trials, [score], name), score_noise(store.trials, [as_measured(score)], name)


def _rung(store: TrialStore, problem: Problem, rung: int, last: int) -> RungAgreement:
    """How well a rung ranks the trials that were trained to the last one."""
    early, late = store.rung_values(rung), store.rung_values(last)
    both = [number for number in late if number in early]
    taus = {
        goal.name: kendall_tau(*(list(_signed_values(goal, values, both).values()) for values in (early, late)))
        for goal in problem.objectives
        if goal.scores
    }
    return RungAgreement(num_steps=rung, num_trials=len(both), tau=taus)


def _values_at_end(store: TrialStore, problem: Problem, runs: LongRuns) -> Ranking:
    """Goal values after the long runs, mean over seeds; only of trials that ended well with every seed.

    What longer training measured judges projections too: it owes nothing to how they are made.
    """
    scores = {}
    for number in runs.numbers:
        own = [one for one in store[number].measurements if one.seed in runs.seeds]
        by_seed = scores_by_seed(own, [as_measured(score) for score in problem.scores], runs.rung)
        if len(by_seed) == len(runs.seeds):
            scores[number] = mean_scores(by_seed)
    return values_by_trial(problem.objectives, scores, {number: store[number].costs for number in scores})


def _measured(store: TrialStore, goal: Goal, numbers: Iterable[int]) -> dict[int, float]:
    """What was measured, to be minimised: its noise is that of the seeds, as an estimate's is not."""
    return {number: signed(store[number].values[goal.name], goal) for number in numbers}


def _signed_values(goal: Goal, ranking: Ranking, numbers: Iterable[int]) -> dict[int, float]:
    """Values of some trials, to be minimised."""
    return {number: signed(ranking[number][goal.name], goal) for number in numbers}
