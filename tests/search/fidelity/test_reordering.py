"""How far more training moves patterns against one another."""

import math
import random
from statistics import stdev

import numpy as np
import pytest
from msgspec import structs

from nas.proxy.member import Member
from nas.results.measurement import Measurement
from nas.search.fidelity.reordering import gain_weights, noise_variance, reorderings
from nas.search.problem.problem import Problem
from nas.search.scoring.noise import carried_noise, score_noise
from nas.search.scoring.projection import projected
from nas.search.trial_store import TrialStore
from tests.toy_study import RUNGS, over_two, pretended, train_again, trained_store

LONG = 1600


def wandering(member: Member, task: str, rung: int) -> Measurement:
    """Every rung gains an amount of its own on each pattern, and seeds differ by a little."""
    noise = random.Random(f"{member.pattern.id}{member.seed}").gauss(0, 0.01)
    own = sum(random.Random(f"{member.pattern.id}{step}").gauss(0.5, 0.1) for step in (*RUNGS, LONG) if step <= rung)
    return structs.replace(pretended(member, task, rung), quality=5 - own + noise)


def test_they_are_deviations_of_gains_between_two_patterns(problem: Problem) -> None:
    store = trained_store(problem, [3] * 12 + [2] * 3 + [1], measure=wandering)
    for number in range(5):
        train_again(store, number, 1, measure=wandering)
    for number in (0, 3):
        member = Member(pattern=store[number].pattern, seed=0, learning_rate=1e-3)
        store.add_measurements(number, [wandering(member, "silent", LONG)])
    found = reorderings(store, problem, (*RUNGS, LONG))
    assert [(one.from_steps, one.to_steps, one.num_trials) for one in found] == [
        (100, 200, 15),
        (200, 400, 12),
        (400, 1600, 2),
    ]
    noise = score_noise(store.trials, problem.scores, "quality")
    for one in found:
        gains = [value - after for value, after in both(store, one.from_steps, one.to_steps)]
        assert one.objective == "quality" and one.deviation == pytest.approx(math.sqrt(2) * stdev(gains))
        by_luck = 2 * noise**2 * (1 - carried_noise(one.from_steps, one.to_steps))
        left = max(0, stdev(gains) ** 2 - by_luck) / math.log2(one.to_steps / one.from_steps)
        assert one.per_doubling == pytest.approx(math.sqrt(2 * left))


def both(store: TrialStore, shorter: int, longer: int) -> list[tuple[float, float]]:
    values = [
        {one.step: one.quality for one in trial.measurements if one.seed == 0 and one.step in (shorter, longer)}
        for trial in store.trials
    ]
    return [(own[shorter], own[longer]) for own in values if len(own) == 2]


def test_gains_that_are_noise_reorder_nothing() -> None:
    """The formula on simulated runs: true gains differ by 0.03 or by nothing, noise is 0.02 and carried."""
    draw, kept = np.random.default_rng(0), carried_noise(1, 2)
    noise = draw.multivariate_normal([0, 0], [[1, kept], [kept, 1]], size=100_000) * 0.02
    for true in (0.03, 0.0):
        gains = draw.normal(0.1, true, size=100_000) + noise[:, 0] - noise[:, 1]
        freed = max(0.0, gains.var() - 2 * 0.02**2 * (1 - kept))
        assert math.sqrt(freed) == pytest.approx(true, abs=0.002)


def test_the_noise_of_a_projection_is_that_of_the_lengths_it_is_made_of() -> None:
    """The formula on simulated runs: what is left of a gain that a projection missed, if patterns are all alike."""
    lengths = (200, 400, 1600)
    carried = [[carried_noise(min(one, other), max(one, other)) for other in lengths] for one in lengths]
    noise = np.random.default_rng(0).multivariate_normal([0, 0, 0], carried, size=100_000) * 0.02
    missed = [projected((200, below), (400, shorter), 1600) - longer for below, shorter, longer in noise]
    assert 0.02**2 * noise_variance(gain_weights(*lengths)) == pytest.approx(np.var(missed), rel=0.02)
    assert noise_variance(gain_weights(None, 400, 1600)) == pytest.approx(2 * (1 - carried_noise(400, 1600)))


def test_with_unknown_noise_the_deviation_stays_as_it_is(problem: Problem) -> None:
    found = reorderings(trained_store(problem, [2] * 4), problem, RUNGS)
    assert [(one.to_steps, one.per_doubling) for one in found] == [(200, None)]


def test_neither_few_trials_nor_ranks_reorder(problem: Problem) -> None:
    assert reorderings(trained_store(problem, [3, 1, 0]), problem, RUNGS) == ()
    two = over_two(problem, "mean_rank")
    assert reorderings(trained_store(two, [3, 3, 3], tasks=("silent", "narrow")), two, RUNGS) == ()
