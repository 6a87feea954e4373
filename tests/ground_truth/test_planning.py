"""The plan that the settings of a study give: which patterns are trained, how long, in which order."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from nas.costs.counting import count_cost
from nas.errors import InputError
from nas.ground_truth.plan import BAND_EDGES, Plan
from nas.ground_truth.planning import SETTINGS, band_of, make_header, make_plan
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.results.codec import from_json, to_document
from nas.results.table import TableHeader
from nas.search.problem.problem import Problem, make_problem
from nas.search.settings import SpaceSettings
from nas.tasks.synthetic.recall import RecallSettings
from tests.tiny_table import RATES, tiny_settings

TABLES = Path(__file__).parents[2] / "tables"
LADDER = TrainingSettings(num_steps=3840, num_rungs=5, rung_ratio=2, batch_size=4)


@pytest.fixture(scope="module")
def plan(wide_problem: Problem) -> Plan:
    return make_plan(tiny_settings(training=LADDER, seed=3), wide_problem, 2, (1e-3, 2e-3))


def test_every_pattern_is_there_once(plan: Plan) -> None:
    ids = [entry.pattern.id for entry in plan.entries]
    assert len(set(ids)) == len(ids) == 3 * 2 * 5 - 3  # full windows alone leave globals and second kinds no effect


def test_rungs_and_seeds_are_those_of_a_study(plan: Plan) -> None:
    assert plan.rungs == (240, 480, 960, 1920, 3840)
    assert plan.sweep_rung == 1920
    assert plan.seeds == (3000, 3001)


def test_a_single_rung_is_swept_too(wide_problem: Problem) -> None:
    plan = make_plan(tiny_settings(training=TrainingSettings(num_steps=40)), wide_problem, 1, (1e-3,))
    assert (plan.rungs, plan.sweep_rung) == ((40,), 40)


def test_a_single_rate_is_not_compared(wide_problem: Problem) -> None:
    plan = make_plan(tiny_settings(training=LADDER), wide_problem, 1, (1e-3,))
    assert [plan.swept(band) for band in plan.bands] == [[], [], []]
    assert plan.num_rows == len(plan.entries) * len(plan.rungs)


def test_the_order_of_training_is_drawn_and_never_changes(wide_problem: Problem, plan: Plan) -> None:
    again = make_plan(tiny_settings(training=LADDER, seed=9), wide_problem, 1, (5e-3,))
    assert again.entries == plan.entries
    bands = [entry.band for entry in plan.entries]
    assert bands != sorted(bands)


def test_the_order_of_the_shipped_table_is_kept() -> None:
    """Its build resumes in the order in which it was started; these are its first patterns."""
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


def test_bands_follow_the_share_of_flops(wide_problem: Problem, plan: Plan) -> None:
    for entry in plan.entries:
        share = count_cost(entry.pattern, wide_problem.target).attention_flops / wide_problem.full_cost.attention_flops
        edges = (0.0, *BAND_EDGES, 1.01)
        assert edges[entry.band] <= share < edges[entry.band + 1]
        assert entry.band == band_of(entry.pattern, wide_problem)
    assert {entry.band for entry in plan.entries} == set(plan.bands) == {0, 1, 2}


def test_a_part_is_the_beginning_of_the_whole_and_the_baselines(wide_problem: Problem, plan: Plan) -> None:
    part = make_plan(tiny_settings(training=LADDER), wide_problem, 1, (1e-3,), num_patterns=8)
    names = [entry.baseline for entry in part.entries]
    assert names[: len(wide_problem.baselines)] == list(wide_problem.baselines)
    drawn = [entry for entry in part.entries if entry.baseline is None]
    named = {pattern.id for pattern in wide_problem.baselines.values()}
    assert drawn == [entry for entry in plan.entries[:8] if entry.pattern.id not in named]
    assert all(not entry.params for entry in part.entries if entry.baseline)


@pytest.mark.parametrize("num_patterns", [0, 28])
def test_a_part_has_patterns_of_the_space(wide_problem: Problem, num_patterns: int) -> None:
    with pytest.raises(InputError, match=r"^patterns: must be from 1 to 27"):
        make_plan(tiny_settings(), wide_problem, 1, (1e-3,), num_patterns)


@pytest.mark.parametrize("num_seeds", [0, -1, 1001])
def test_seeds_that_cannot_be(wide_problem: Problem, num_seeds: int) -> None:
    with pytest.raises(InputError, match=r"^seeds: must be from 1 to 1000"):
        make_plan(tiny_settings(), wide_problem, num_seeds, (1e-3,))


@pytest.mark.parametrize("rates", [(), (1e-3, 1e-3), (0.0,), (float("inf"),), (float("nan"),)])
def test_rates_that_cannot_be(wide_problem: Problem, rates: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match=r"^learning rates: must be one or more different numbers above 0"):
        make_plan(tiny_settings(), wide_problem, 1, rates)


def test_the_first_line_gives_the_plan_back() -> None:
    settings = tiny_settings()
    problem = make_problem(settings)
    plan = make_plan(settings, problem, 2, RATES)
    header = make_header(settings, problem.task, plan)
    again = from_json(json.dumps(to_document(header), sort_keys=True), TableHeader)
    assert Plan.of(again).entries == tuple(sorted(plan.entries, key=lambda entry: entry.pattern.id))
    assert (again.rungs, again.seeds, again.learning_rates) == (plan.rungs, plan.seeds, plan.learning_rates)
    assert set(header.settings) == set(SETTINGS)
    assert (header.task.unit, header.task.chance) == (problem.task.metric.unit, problem.task.chance)
    assert header.task_fingerprint == problem.task.fingerprint


@pytest.mark.parametrize(
    "path", sorted(set(TABLES.rglob("*.jsonl")) - set(TABLES.glob("checkpoint/*"))), ids=lambda path: path.stem
)
def test_a_table_of_the_repository_can_be_extended(path: Path) -> None:
    """It names every setting that there is today, so no build refuses it as one of other settings.

    Those of checkpoints, in a folder of their own, train no proxy.
    """
    settings = json.loads(path.read_text(encoding="utf-8").splitlines()[0]).get("settings")
    if settings is None:
        assert path.name.endswith(".shared.jsonl"), "scores of shared weights are no table"
        return
    for name, kind in (("proxy", ProxySettings), ("training", TrainingSettings)):
        assert settings[name].keys() == {field.name for field in fields(kind)}
