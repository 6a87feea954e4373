"""The plan of a table: how many rows and steps it has, and which patterns are swept."""

import pytest

from nas.errors import InputError
from nas.ground_truth.plan import Plan, band_name, check_learning_rates
from nas.ground_truth.planning import make_plan
from nas.proxy.settings import TrainingSettings
from nas.search.problem.problem import Problem
from tests.steps_spent import steps_spent
from tests.tiny_table import tiny_settings

LADDER = TrainingSettings(num_steps=3840, num_rungs=5, rung_ratio=2, batch_size=4)


@pytest.fixture(scope="module")
def plan(wide_problem: Problem) -> Plan:
    return make_plan(tiny_settings(training=LADDER, seed=3), wide_problem, 2, (1e-3, 2e-3))


def test_bands_have_names() -> None:
    assert [band_name(band) for band in range(3)] == ["below 0.25", "0.25 to 0.5", "0.5 or more"]


def test_two_patterns_of_each_band_are_swept(plan: Plan) -> None:
    for band in plan.bands:
        swept = plan.swept(band)
        assert len(swept) == 2 and {entry.band for entry in swept} == {band}


def test_the_steps_of_rows_add_up_to_those_of_the_schedule(plan: Plan) -> None:
    for rung in plan.rungs:
        until = [other for other in plan.rungs if other <= rung]
        assert sum(plan.steps_of_row(r, LADDER, sweep=False) for r in until) == steps_spent(rung, LADDER)
        assert plan.steps_of_row(rung, LADDER, sweep=True) == rung


def test_the_whole_is_counted(plan: Plan) -> None:
    num_patterns = len(plan.entries)
    assert plan.num_rows == 3 * 2 * 2 + num_patterns * 2 * 5
    assert plan.num_steps(LADDER) == 3 * 2 * 2 * 1920 + num_patterns * 2 * steps_spent(3840, LADDER)


@pytest.mark.parametrize("rates", [(), (1e-3, 1e-3), (0.0,), (1e-3, -1.0), (float("inf"),), (float("nan"),)])
def test_rates_that_cannot_be_compared(rates: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match=r"^learning rates: must be one or more different numbers above 0"):
        check_learning_rates(rates)


def test_rates_in_any_order_can_be_compared() -> None:
    check_learning_rates((2e-3, 1e-3))
