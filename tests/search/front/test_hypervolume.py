"""The hypervolume of a study: its reference, and its growth by trial."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.results.objective import Objective
from nas.search.estimates import estimates
from nas.search.front.front import front_trials
from nas.search.front.hypervolume import hypervolume_by_trial, hypervolume_reference, minimised
from nas.search.problem.problem import Problem
from nas.statistics.pareto import MARGIN, hypervolume, nondominated
from tests.strategies import quick
from tests.toy_study import train_again, trained_store

LESS = Objective(name="flops", unit="FLOP", direction="minimize")
MORE = Objective(name="quality", unit="share of queries", direction="maximize")
COORDINATES = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))


def test_the_reference_is_a_tenth_of_the_range_beyond_the_worst() -> None:
    assert hypervolume_reference([(10.0, -0.9), (20.0, -0.5)], [], [LESS, MORE]) == pytest.approx(
        {"flops": 20.0 + 10.0 * MARGIN, "quality": 0.5 - 0.4 * MARGIN}
    )
    assert hypervolume_reference([], [], [LESS, MORE]) == {}


def test_the_baselines_bound_it_and_what_is_worse_than_all_of_them_adds_nothing() -> None:
    """The cheapest point of a front is on it however bad it is; a reference beyond it would tell no fronts apart."""
    front, baselines = [(20.0, -0.9), (10.0, -0.7), (9.0, -0.1)], [(30.0, -0.8), (15.0, -0.6)]
    reference = hypervolume_reference(front, baselines, [LESS, MORE])
    assert reference == pytest.approx({"flops": 30.0 + 21.0 * MARGIN, "quality": 0.6 - 0.3 * MARGIN})
    bound = (reference["flops"], -reference["quality"])
    assert hypervolume(front, bound) == hypervolume(front[:2], bound) > hypervolume(baselines, bound) > 0


@quick
@given(st.lists(st.tuples(COORDINATES, COORDINATES), min_size=1, max_size=8))
def test_every_point_of_a_front_is_within_the_reference(points: list[tuple[float, float]]) -> None:
    """So none can be lost without a loss of hypervolume, however narrow the front."""
    front = [points[index] for index in nondominated(points)]
    reference = hypervolume_reference(front, [], [LESS, MORE])
    bound = (reference["flops"], -reference["quality"])
    for place in range(len(front)):
        rest = [point for point in front if point != front[place]]
        assert hypervolume(rest, bound) < hypervolume(front, bound)


def test_it_is_that_of_the_trials_so_far(problem: Problem) -> None:
    store = trained_store(problem, [3] * 9 + [1])
    for number in range(4):
        train_again(store, number, 1)
    known = estimates(store.trials, problem)
    front = [minimised(one, known, problem) for one in front_trials(store.trials, problem, known)]
    objectives = [goal.objective for goal in problem.objectives]
    reference = hypervolume_reference(front, [], objectives)
    bound = tuple(reference[goal.name] for goal in objectives)
    points = [minimised(trial, known, problem) for trial in store.trials[:9]]
    whole = hypervolume(points, bound)
    expected = [hypervolume(points[: place + 1], bound) / whole for place in range(9)]
    found = hypervolume_by_trial(store.trials, known, problem, reference)
    assert dict(found) == pytest.approx(dict(enumerate([*expected, expected[-1]])))
    assert expected[0] < expected[-1] == pytest.approx(1.0)


def test_without_a_finished_trial_there_is_none(problem: Problem) -> None:
    store = trained_store(problem, [1, 0])
    assert hypervolume_by_trial(store.trials, {}, problem, {}) == [(0, 0.0), (1, 0.0)]
