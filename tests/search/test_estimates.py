"""Estimates: near the truth, equal for equal patterns, and no more than measurements where there is no noise."""

import random
from dataclasses import replace

import numpy as np
import pytest
from msgspec import structs

from nas.proxy.member import Member
from nas.results.measurement import Measurement
from nas.search.estimates import estimates, means
from nas.search.problem.problem import Problem
from nas.search.trial_store import TrialStore
from nas.statistics.ranks import rank_shares
from tests.toy_study import density, enter, over_two, pretended, train_again, trained_store


def confirmed_store(problem: Problem, num: int) -> TrialStore:
    """Trials at the last rung, the first four of them with two further seeds."""
    store = trained_store(problem, [3] * num)
    for number in range(4):
        train_again(store, number, 1, 2)
    return store


def test_estimates_are_nearer_to_the_truth_than_measurements(problem: Problem) -> None:
    store = confirmed_store(problem, 30)
    found = means(estimates(store.trials, problem))
    truth = np.array([3.0 - density(trial.pattern) for trial in store.trials])
    measured = np.array([trial.scores["quality"] for trial in store.trials])
    estimated = np.array([found[trial.number]["quality"] for trial in store.trials])
    assert np.abs(estimated - truth).mean() < np.abs(measured - truth).mean()


def test_every_score_of_a_trial_at_the_last_rung_is_estimated(problem: Problem) -> None:
    store = confirmed_store(problem, 8)
    enter(store, store[3].pattern)  # a duplicate is not counted again
    stopped = trained_store(problem, [1]).trials
    found = estimates(store.trials, problem)
    assert sorted(found) == list(range(8))
    assert all(own.keys() == store[number].scores.keys() for number, own in found.items())
    assert estimates(stopped, problem) == {}


def test_where_nothing_is_trained_scores_are_exact(problem: Problem) -> None:
    store = confirmed_store(problem, 8)
    frozen = replace(problem, backbone=replace(problem.backbone, trains=False))
    for number, own in estimates(store.trials, frozen).items():
        assert own["quality"].mean == store[number].scores["quality"]
        assert own["quality"].standard_deviation == 0.0


def test_with_one_seed_each_the_noise_is_unknown(problem: Problem) -> None:
    store = trained_store(problem, [3] * 8)
    for number, own in estimates(store.trials, problem).items():
        assert own["quality"].mean == pytest.approx(store[number].scores["quality"])
        assert own["quality"].standard_deviation is None


def noisy(member: Member, task: str, rung: int) -> Measurement:
    """So noisy that estimates have another order."""
    luck = random.Random(f"{member.pattern.id} {member.seed} {task}").gauss(0, 0.5)
    measured = pretended(member, task, rung)
    assert measured.quality is not None
    return structs.replace(measured, quality=measured.quality + luck)


def test_a_mean_of_ranks_is_taken_of_estimates(problem: Problem) -> None:
    two, tasks = over_two(problem, "mean_rank"), ("silent", "narrow")
    store = trained_store(two, [3] * 12, tasks=tasks, measure=noisy)
    for number in range(6):
        member = Member(pattern=store[number].pattern, seed=1, learning_rate=1e-3)
        store.add_measurements(number, [noisy(member, task, 400) for task in tasks])
    found = estimates(store.trials, two)
    columns = [
        rank_shares([own[score.name].mean for own in found.values()], score.direction)
        for score in two.objectives[0].scores
    ]
    assert [own["quality"].mean for own in found.values()] == pytest.approx(np.mean(columns, axis=0).tolist())
    assert any(found[trial.number]["quality"].mean != trial.values["quality"] for trial in store.trials)
