"""Which trainings make up a table."""

import pytest

from nas.costs.counting import count_cost
from nas.errors import InputError
from nas.ground_truth.plan import BAND_EDGES, Plan, band_name
from nas.ground_truth.planning import band_of, make_plan
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.search.problem.problem import Problem, make_problem
from nas.search.settings import SpaceSettings
from nas.tasks.synthetic.recall import RecallSettings
from tests.steps_spent import steps_spent
from tests.tiny_table import tiny_settings

LADDER = TrainingSettings(num_steps=3840, num_rungs=5, rung_ratio=2, batch_size=4)


@pytest.fixture(scope="module")
def problem() -> Problem:
    """The shipped small space on 32 tokens and one layer."""
    return make_problem(
        tiny_settings(
            space=SpaceSettings(attribute="search_spaces.tabular:Tabular"),
            task=RecallSettings(num_tokens=32, vocab_size=16, num_pairs=2, validation_sequences=16),
        )
    )


@pytest.fixture(scope="module")
def plan(problem: Problem) -> Plan:
    return make_plan(tiny_settings(training=LADDER, seed=3), problem, 2, (1e-3, 2e-3))


def test_every_pattern_is_there_once(plan: Plan) -> None:
    ids = [entry.pattern.id for entry in plan.entries]
    assert len(set(ids)) == len(ids) == 3 * 2 * 5 - 3  # full windows alone leave globals and second kinds no effect


def test_rungs_and_seeds_are_those_of_a_study(plan: Plan) -> None:
    assert plan.rungs == (240, 480, 960, 1920, 3840)
    assert plan.sweep_rung == 1920
    assert plan.seeds == (3000, 3001)


def test_a_single_rung_is_swept_too(problem: Problem) -> None:
    plan = make_plan(tiny_settings(training=TrainingSettings(num_steps=40)), problem, 1, (1e-3,))
    assert (plan.rungs, plan.sweep_rung) == ((40,), 40)


def test_the_order_of_training_is_drawn_and_never_changes(problem: Problem, plan: Plan) -> None:
    again = make_plan(tiny_settings(training=LADDER, seed=9), problem, 1, (5e-3,))
    assert again.entries == plan.entries
    bands = [entry.band for entry in plan.entries]
    assert bands != sorted(bands)


def test_the_order_of_the_shipped_table_is_kept() -> None:
    """It goes on in the order that it was begun in; these are its first trainings, in three bands."""
    settings = tiny_settings(
        space=SpaceSettings(attribute="search_spaces.tabular:Tabular"),
        task=RecallSettings(num_tokens=128, validation_sequences=16),
        proxy=ProxySettings(),
    )
    plan = make_plan(settings, make_problem(settings), 1, (1e-3,))
    assert [entry.pattern.id for entry in plan.entries[:3]] == [
        "5ef7b4395f38b714",
        "35ea9744137d8fc8",
        "e418f27e8c4e8895",
    ]
    assert [sum(entry.band == band for entry in plan.entries) for band in plan.bands] == [39, 37, 71]


def test_bands_follow_the_share_of_flops(problem: Problem, plan: Plan) -> None:
    for entry in plan.entries:
        share = count_cost(entry.pattern, problem.target).attention_flops / problem.full_cost.attention_flops
        edges = (0.0, *BAND_EDGES, 1.01)
        assert edges[entry.band] <= share < edges[entry.band + 1]
        assert entry.band == band_of(entry.pattern, problem)
    assert {entry.band for entry in plan.entries} == set(plan.bands) == {0, 1, 2}


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


@pytest.mark.parametrize("num_seeds", [0, -1, 1001])
def test_seeds_that_cannot_be(problem: Problem, num_seeds: int) -> None:
    with pytest.raises(InputError, match=r"^seeds: must be from 1 to 1000"):
        make_plan(tiny_settings(), problem, num_seeds, (1e-3,))


@pytest.mark.parametrize("rates", [(), (1e-3, 1e-3), (0.0,), (float("inf"),), (float("nan"),)])
def test_rates_that_cannot_be(problem: Problem, rates: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match=r"^learning rates: must be one or more different numbers above 0"):
        make_plan(tiny_settings(), problem, 1, rates)
