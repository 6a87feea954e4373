"""The entries of a front: what is known of a trial."""

from statistics import mean, stdev

import pytest

from nas.results.front import Estimate
from nas.search.front.points import entry_fields
from nas.search.problem.problem import Problem
from nas.search.trial_store import TrialStore
from tests.toy_study import over_two, train_again, trained_store


@pytest.fixture
def store(problem: Problem) -> TrialStore:
    store = trained_store(problem, [3, 3])
    train_again(store, 0, 1, 2)
    return store


def at_last_rung(store: TrialStore, number: int) -> list[float]:
    return [one.quality for one in store[number].measurements if one.step == 400]


def test_an_entry_has_the_mean_and_the_spread_of_its_seeds(problem: Problem, store: TrialStore) -> None:
    known = {0: {"quality": Estimate(mean=2.0, standard_deviation=0.1)}}
    entry = entry_fields(store[0], problem, {}, known, {0: 0.7})
    assert entry["estimates"] == known[0]
    measured = at_last_rung(store, 0)
    assert entry["seeds"] == (0, 1, 2) and entry["front_probability"] == 0.7
    assert entry_fields(store[1], problem, {}, {}, {0: 0.7})["front_probability"] is None
    assert entry["scores"]["quality"] == pytest.approx(mean(measured))
    assert entry["spread"]["quality"] == pytest.approx(stdev(measured))
    assert entry_fields(store[1], problem, {}, {}, {})["spread"] == {"quality": None}
    assert entry["gain_of_last_rung"] == pytest.approx({"quality": 40 / 200 - 40 / 400})


def test_a_gain_has_the_sign_of_its_score(problem: Problem) -> None:
    """The narrow task, of which more is better, loses what the silent one gains."""
    two = over_two(problem, "separate")
    [trial] = trained_store(two, [2], tasks=("silent", "narrow")).trials
    gains = entry_fields(trial, two, {}, {}, {})["gain_of_last_rung"]
    expected = {"quality_silent": 0.2, "quality_narrow": -0.2, "quality_silent_2x": 0.2, "quality_narrow_2x": -0.2}
    assert gains == pytest.approx(expected)


def test_a_trial_with_one_rung_has_no_gain(problem: Problem) -> None:
    [trial] = trained_store(problem, [1]).trials
    assert entry_fields(trial, problem, {}, {}, {})["gain_of_last_rung"] == {}
