"""The points of a front: their noise, what they cannot be told apart from, and whether they had converged."""

from statistics import mean, stdev

import pytest
from msgspec import structs

from nas.proxy.state.cohort_state import Member
from nas.results.front import SAME_WITHIN
from nas.results.measurement import Measurement
from nas.search.front.points import entry_fields, front_points, repeated_scores, score_noise
from nas.search.problem.problem import Problem
from nas.search.trial_store import TrialStore
from nas.statistics.rank_agreement import pooled_deviation
from tests.toy_study import over_two, pretended, trained_store


def again(store: TrialStore, number: int, *seeds: int) -> None:
    """The trial at the last rung with further seeds."""
    members = [Member(pattern=store[number].pattern, seed=seed, learning_rate=1e-3) for seed in seeds]
    store.add_measurements(number, [pretended(member, "silent", 400) for member in members])


@pytest.fixture
def store(problem: Problem) -> TrialStore:
    store = trained_store(problem, [3, 3, 3, 3, 1])
    again(store, 0, 1, 2)
    again(store, 2, 1)
    again(store, 4, 1)  # stopped below the last rung
    return store


def at_last_rung(store: TrialStore, number: int) -> list[float]:
    return [one.quality for one in store[number].measurements if one.step == 400]


def test_noise_is_pooled_over_the_finished_patterns_with_several_seeds(problem: Problem, store: TrialStore) -> None:
    repeated = [at_last_rung(store, 0), at_last_rung(store, 2)]
    assert repeated_scores(store.trials, problem.scores, "quality") == repeated
    assert score_noise(store.trials, problem.scores, "quality") == pooled_deviation(repeated)
    assert score_noise(store.trials[1:2], problem.scores, "quality") is None


def test_an_entry_has_the_mean_and_the_spread_of_its_seeds(problem: Problem, store: TrialStore) -> None:
    entry = entry_fields(store[0], problem, {})
    measured = at_last_rung(store, 0)
    assert entry["seeds"] == (0, 1, 2)
    assert entry["scores"]["quality"] == pytest.approx(mean(measured))
    assert entry["spread"]["quality"] == pytest.approx(stdev(measured))
    assert entry_fields(store[1], problem, {})["spread"] == {"quality": None}
    assert entry["gain_of_last_rung"] == pytest.approx({"quality": 40 / 200 - 40 / 400})


@pytest.mark.parametrize("deviation", [1e-9, 0.05, 1e9])
def test_points_closer_than_the_noise_are_not_told_apart(problem: Problem, store: TrialStore, deviation: float) -> None:
    chosen = list(store.trials[:4])
    points = front_points(chosen, problem, {"quality": deviation}, {})
    assert [point.trial for point in points] == [0, 1, 2, 3]
    for point, trial in zip(points, chosen, strict=True):
        close = {
            other.number
            for other in chosen
            if abs(other.scores["quality"] - trial.scores["quality"]) < SAME_WITHIN * deviation
        }
        assert set(point.indistinguishable_from) == close - {trial.number}


@pytest.mark.parametrize(("deviation", "converged"), [(0.04, False), (0.06, True), (None, None)])
def test_a_point_has_converged_if_the_last_rung_gained_no_more_than_noise(
    problem: Problem, store: TrialStore, deviation: float | None, converged: bool | None
) -> None:
    """The last rung gains 0.1 in the toy."""
    (point,) = front_points([store[0]], problem, {"quality": deviation}, {})
    assert point.converged is converged


def test_with_unknown_noise_every_point_is_told_apart(problem: Problem, store: TrialStore) -> None:
    points = front_points(list(store.trials[:4]), problem, {"quality": None}, {})
    assert all(point.indistinguishable_from == () for point in points)


def test_a_gain_has_the_sign_of_its_score(problem: Problem) -> None:
    """The narrow task, of which more is better, loses what the silent one gains."""
    two = over_two(problem, "separate")
    [trial] = trained_store(two, [2], tasks=("silent", "narrow")).trials
    gains = entry_fields(trial, two, {})["gain_of_last_rung"]
    expected = {"quality_silent": 0.2, "quality_narrow": -0.2, "quality_silent_2x": 0.2, "quality_narrow_2x": -0.2}
    assert gains == pytest.approx(expected)


def test_a_trial_with_one_rung_has_no_gain(problem: Problem) -> None:
    [trial] = trained_store(problem, [1]).trials
    assert entry_fields(trial, problem, {})["gain_of_last_rung"] == {}


def test_a_longer_length_that_only_one_of_two_has_tells_them_apart(problem: Problem) -> None:
    two = over_two(problem, "separate", "quality_2x")

    def measure(member: Member, task: str, rung: int) -> Measurement:
        measured = pretended(member, task, rung)
        return structs.replace(measured, longer=()) if int(member.pattern.id, 16) % 2 else measured

    trials = list(trained_store(two, [1] * 8, tasks=("silent", "narrow"), measure=measure).trials)
    points = front_points(trials, two, {score.name: 1e9 for score in two.scores}, {})
    has = {trial.number: "quality_silent_2x" in trial.scores for trial in trials}
    assert set(has.values()) == {True, False}
    for point in points:
        alike = {number for number in has if has[number] == has[point.trial]}
        assert set(point.indistinguishable_from) == alike - {point.trial}
