"""The forecast of every finished trial to the horizon of the long runs."""

import pytest

from nas.search.fidelity.horizon import FAR, Horizon, horizon
from nas.search.problem.problem import Problem
from nas.search.trial_store import TrialStore
from tests.toy_study import RUNGS, over_two, trained_store

LONG = 1600


def places(values: dict[int, float]) -> dict[int, int]:
    return {number: place for place, (_, number) in enumerate(sorted((v, n) for n, v in values.items()), 1)}


@pytest.fixture
def store(problem: Problem) -> TrialStore:
    return trained_store(problem, [3] * 8 + [1])


def test_a_finished_trial_has_a_forecast_and_one_that_moves_far_is_named(problem: Problem, store: TrialStore) -> None:
    """Long runs that turn the ranking round."""
    goal = problem.objectives[0]
    final = {number: values["quality"] for number, values in store.rung_values(400).items()}
    long = {number: 2.0 - 0.3 * value for number, value in list(final.items())[:6]}
    ahead = horizon(store, problem, RUNGS, LONG, goal, long)
    assert [one.trial for one in ahead.forecasts] == list(final)
    for one in ahead.forecasts:
        if one.trial in long:
            assert (one.value, one.standard_deviation) == (long[one.trial], 0.0)
        else:
            assert one.standard_deviation > 0
    now, then = places(final), places({one.trial: one.value for one in ahead.forecasts})
    moved = {number for number in now if abs(now[number] - then[number]) >= FAR}
    assert moved and {move.trial: (move.place, move.forecast_place) for move in ahead.moved} == {
        number: (now[number], then[number]) for number in moved
    }


def test_long_runs_of_stopped_trials_are_left_out(problem: Problem, store: TrialStore) -> None:
    goal = problem.objectives[0]
    long = {number: store[number].values["quality"] - 0.1 for number in range(6)}
    assert horizon(store, problem, RUNGS, LONG, goal, long | {8: 99.0}) == horizon(
        store, problem, RUNGS, LONG, goal, long
    )


def test_neither_a_mean_rank_nor_nothing_is_forecast(problem: Problem) -> None:
    empty = trained_store(problem, [0])
    assert horizon(empty, problem, RUNGS, LONG, problem.objectives[0], {}) == Horizon()
    two = over_two(problem, "mean_rank")
    ranked = trained_store(two, [3, 3], tasks=("silent", "narrow"))
    assert horizon(ranked, two, RUNGS, LONG, two.objectives[0], {0: 0.0, 1: 1.0}) == Horizon()
