"""The check across sizes: how the study's ranking agrees with that of the same patterns one size up."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from nas.results.fidelity import ScaleAgreement, ScaleCheck
from nas.results.measurement import Measurement
from nas.search.fidelity.agreement import agreement, columns
from nas.search.fidelity.long_runs import Ranking, both_values
from nas.search.fidelity.worth import regret_of_front
from nas.search.problem.larger import LargerModel
from nas.search.problem.problem import Problem
from nas.search.scheduler.forecast import signed
from nas.search.scoring.objectives import Goal, values_by_trial
from nas.search.scoring.scores import as_measured, mean_scores, scores_by_seed
from nas.search.trial_store import TrialStore
from nas.statistics.rank_agreement import regret


def scale_check(
    store: TrialStore,
    problem: Problem,
    ranking: Ranking,
    measured: Mapping[int, Sequence[Measurement]],
    num_steps: int,
) -> ScaleCheck | None:
    """How the study's ranking compares with that of a model one size up.

    Args:
        store: all trials.
        problem: what was searched.
        ranking: of the study.
        measured: in the larger model, by trial, on every task.
        num_steps: how long that was trained, in optimiser steps.

    Returns:
        None if the study has no larger model.
    """
    larger = problem.larger
    if larger is None:
        return None
    values = _values(store, problem, larger, measured, num_steps)
    return ScaleCheck(
        scale=larger.scale,
        num_tokens=larger.num_tokens,
        num_layers=larger.proxy.num_layers,
        num_steps=num_steps,
        step_flops=problem.larger_step,
        objectives={
            goal.name: _of_objective(store, goal, ranking, values) for goal in problem.objectives if goal.scores
        },
        regret_of_front=regret_of_front(store, problem, ranking, values),
    )


def _values(
    store: TrialStore,
    problem: Problem,
    larger: LargerModel,
    measured: Mapping[int, Sequence[Measurement]],
    num_steps: int,
) -> Ranking:
    """Goal values in the larger model; only of trials that ended well on every task."""
    scores = [replace(as_measured(score), task=larger.labels[score.task]) for score in problem.scores]
    found = {
        number: mean_scores(by_seed)
        for number, own in measured.items()
        if (by_seed := scores_by_seed(own, scores, num_steps))
    }
    return values_by_trial(problem.objectives, found, {number: store[number].costs for number in found})


def _of_objective(store: TrialStore, goal: Goal, ranking: Ranking, values: Ranking) -> ScaleAgreement:
    short = {number: signed(ranking[number][goal.name], goal) for number in values}
    after = {number: signed(own[goal.name], goal) for number, own in values.items()}
    ours, truth = columns(short, after, values)
    return ScaleAgreement(
        patterns=both_values(store, goal, ranking, values),
        agreement=agreement(short, after, values),
        regret_of_best=regret(truth, ours) if truth else None,
    )
