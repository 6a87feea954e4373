"""Whole studies, replayed on the shipped table."""

from dataclasses import replace
from pathlib import Path

import pytest
from search_methods.whole_study import PURPOSES, WholeStudy, replay_study
from search_methods.world import table_world

from nas.costs.counting import count_cost
from nas.results.trial import TrialState
from nas.search.concurrency import Concurrency
from nas.search.settings import FidelitySettings

TABLE = Path(__file__).parents[3] / "tables" / "tabular-text.jsonl"


@pytest.fixture(scope="module")
def study() -> WholeStudy:
    world = table_world(TABLE)
    fidelity = FidelitySettings(num_patterns=3, times=4, num_seeds=1)
    return replay_study(world, replace(world.settings, num_trials=8, confirm_seeds=1, fidelity=fidelity))


def test_every_step_is_counted_for_one_purpose(study: WholeStudy) -> None:
    trained = [trial for trial in study.store.trials if trial.duplicate_of is None]
    finished = [trial for trial in trained if trial.state is TrialState.FINISHED]
    longest = [trial for trial in trained if any(one.step == 3840 for one in trial.measurements)]
    confirmed = [trial for trial in trained if len({one.seed for one in trial.measurements}) > 1]
    assert len(longest) == 3 and {one.id for one in study.front} <= {one.pattern.id for one in confirmed if one.pattern}
    assert study.steps == {
        "baselines": 0,
        "first rung": 480 * len(trained),
        "later rungs": (960 - 384) * len(finished),
        "confirmation": (480 + 960 - 384) * len(confirmed),
        "long runs": sum(3840 - (768 if trial in finished else 384) for trial in longest),
    }


def test_flops_are_those_of_the_steps(study: WholeStudy) -> None:
    world = table_world(TABLE)
    settings = replace(world.settings, num_trials=4, training=replace(world.settings.training, num_rungs=1))
    own = replay_study(world, replace(settings, fidelity=FidelitySettings(num_patterns=0)))
    patterns = [trial.pattern for trial in own.store.trials if trial.pattern and trial.duplicate_of is None]
    step_flops = [count_cost(pattern, world.problem.target).train_flops * 4 for pattern in patterns]  # batches of 4
    assert own.flops == {**dict.fromkeys(PURPOSES, 0), "first rung": 960 * sum(step_flops)}
    assert study.flops.total() == pytest.approx(study.num_steps / 3840 * world.full_run_flops, rel=0.3)


def test_the_report_says_what_its_long_runs_took(study: WholeStudy) -> None:
    report = study.result.fidelity
    assert report is not None
    assert report.share_of_steps == pytest.approx(study.steps["long runs"] / study.num_steps)


def test_the_search_is_watched_after_every_run(study: WholeStudy) -> None:
    last = study.moments[-1]
    assert last.num_trials == 8
    assert last.num_steps == study.steps["first rung"] + study.steps["later rungs"] > last.num_steps_in_turn
    assert [one.num_steps for one in study.moments] == sorted(one.num_steps for one in study.moments)


def test_a_cohort_takes_its_steps_at_once() -> None:
    world = table_world(TABLE)
    settings = replace(world.settings, num_trials=8, fidelity=FidelitySettings(num_patterns=0))
    last = replay_study(world, settings, Concurrency(num_workers=1, cohort_size=8)).moments[-1]
    assert last.num_steps_in_turn < last.num_steps / 2
