"""The probability of being on the front, against draws of the whole study."""

import math
import random

import numpy as np
import pytest
from msgspec import structs

from nas.proxy.member import Member
from nas.results.measurement import Measurement
from nas.results.trial import TrialState
from nas.search.estimates import estimates
from nas.search.front.chances import front_chances
from nas.search.front.front import front_trials
from nas.search.problem.problem import Problem
from nas.search.scheduler.forecast import Forecaster
from nas.search.trial_store import TrialStore
from nas.statistics.pareto import nondominated
from tests.toy_study import RUNGS, over_two, pretended, train_again, trained_store


def chances_of(store: TrialStore, problem: Problem) -> dict[int, float]:
    return front_chances(store, problem, Forecaster(problem, store, RUNGS))


@pytest.fixture
def store(problem: Problem) -> TrialStore:
    store = trained_store(problem, [3] * 8 + [1] * 4 + [0])
    for number in range(4):
        train_again(store, number, *range(1, 6))
    return store


def test_they_are_the_share_of_fronts_of_drawn_scores(problem: Problem, store: TrialStore) -> None:
    """Drawn again, trial by trial, with twenty degrees of freedom of the noise."""
    known, forecast = estimates(store.trials, problem), Forecaster(problem, store, RUNGS).now()
    draw, hits = np.random.default_rng(1), dict.fromkeys(range(12), 0)
    for _ in range(1500):
        spread, points = math.sqrt(20 / draw.chisquare(20)), []
        for number in range(12):
            trial = store[number]
            if trial.state is TrialState.FINISHED:
                estimate = known[number]["quality"]
                quality = draw.normal(estimate.mean, spread * estimate.standard_deviation)
            else:
                quality = draw.normal(forecast.scores[number]["quality"], forecast.deviations[number]["quality"])
            points.append((quality, trial.costs["flops"], trial.costs["kv_cache_bytes"]))
        for index in nondominated(points):
            hits[index] += 1
    assert chances_of(store, problem) == pytest.approx({n: hit / 1500 for n, hit in hits.items()}, abs=0.06)
    assert len({round(chance, 1) for chance in chances_of(store, problem).values()}) > 3


def test_without_noise_the_front_is_certain(problem: Problem) -> None:
    def exact(member: Member, task: str, rung: int) -> Measurement:
        return structs.replace(pretended(member, task, rung), quality=random.Random(member.pattern.id).random())

    store = trained_store(problem, [3] * 9, measure=exact)
    train_again(store, 0, 1, measure=exact)
    on_front = {trial.number for trial in front_trials(store.trials, problem, estimates(store.trials, problem))}
    assert chances_of(store, problem) == {number: float(number in on_front) for number in range(9)}
    assert 0 < len(on_front) < 9


def test_with_unknown_noise_nothing_is_known(problem: Problem) -> None:
    assert chances_of(trained_store(problem, [3, 3, 1]), problem) == {}
    assert chances_of(trained_store(problem, [0]), problem) == {}


@pytest.mark.parametrize("how", ["separate", "mean_rank"])
def test_a_length_that_a_pattern_cannot_have_counts_as_chance(problem: Problem, how: str) -> None:
    two = over_two(problem, how, "quality_2x")

    def measure(member: Member, task: str, rung: int) -> Measurement:
        measured = pretended(member, task, rung)
        return structs.replace(measured, longer=()) if int(member.pattern.id, 16) % 2 else measured

    store = trained_store(two, [3] * 8, tasks=("silent", "narrow"), measure=measure)
    for number in range(8):
        pattern = store[number].pattern
        members = [Member(pattern=pattern, seed=seed, learning_rate=1e-3) for seed in (1, 2)]
        runs = [measure(member, task, RUNGS[-1]) for member in members for task in ("silent", "narrow")]
        store.add_measurements(number, runs)
    chances = chances_of(store, two)
    assert sorted(chances) == list(range(8)) and all(0 <= chance <= 1 for chance in chances.values())
    assert sum(chances.values()) >= 1
