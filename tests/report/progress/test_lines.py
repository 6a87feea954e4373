"""What a study writes about itself, line by line."""

import dataclasses

import pytest
from msgspec.structs import replace

from nas.patterns.label import label
from nas.patterns.primitives import Full
from nas.report.progress.lines import (
    advanced_line,
    confirmation_line,
    confirmed_line,
    finished_line,
    long_runs_line,
    started_line,
    trial_line,
    trial_name,
)
from nas.results.trial import TrialState
from tests.fronts import OBJECTIVES, make_cost, make_front, make_info, make_pattern, make_plan, make_point

PATTERN = label(make_pattern(Full(), heads=1))
"""What is shown of the pattern that all trials have here."""


def test_a_finished_trial_has_its_objectives_its_time_and_its_pattern(make_trial):
    measured = "quality 2.31 bits per byte  attention FLOPs 0.42x  KV cache 0.31x  12.3 s"
    line = trial_line(make_trial(6, 2.31), OBJECTIVES, make_cost(1.0, 1.0), 7, 30)
    assert line == f"[ 7/30] trial 6  {measured}  {PATTERN}"


def test_costs_have_units_until_full_attention_is_known(make_trial):
    line = trial_line(make_trial(1), OBJECTIVES, None, 1, 30)
    assert "attention FLOPs 168 MFLOP  KV cache 79.4 KiB" in line


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"state": TrialState.DUPLICATE, "duplicate_of": 3}, "trial 9  same pattern as trial 3"),
        ({"state": TrialState.DIVERGED, "values": {}}, f"trial 9  diverged  {PATTERN}"),
        (
            {"state": TrialState.IMPOSSIBLE, "values": {}, "reason": "no\n[bold]pattern", "pattern": None},
            "trial 9  impossible: no [bold]pattern",
        ),
        (
            {"state": TrialState.STOPPED, "step": 100},
            f"trial 9  stopped at 100 steps  quality 2.3 bits per byte  {PATTERN}",
        ),
    ],
)
def test_a_trial_that_was_not_trained_to_the_end_gives_its_state_and_reason(make_trial, more, text):
    assert trial_line(make_trial(9, **more), OBJECTIVES, None, 1, 30) == f"[ 1/30] {text}"


def test_a_baseline_is_named(make_trial):
    assert trial_name(make_trial(0, baseline="full")) == "trial 0 (full)"
    assert trial_name(make_trial(6)) == "trial 6"


def test_a_rung_gives_its_steps_and_what_was_measured(make_trial):
    line = advanced_line(make_trial(6, 2.75, step=100), OBJECTIVES, 400)
    assert line == "trial 6  at 100 of 400 steps  quality 2.75 bits per byte"


def test_a_fresh_seed_gives_the_mean_and_a_long_run_its_length(make_trial):
    trial = make_trial(6, 2.31)
    first = trial.measurements[0]
    again, longer = replace(first, seed=1), replace(first, step=1600, seed=1, quality=2.0)
    assert confirmed_line(trial, OBJECTIVES) == "trial 6  quality 2.31 bits per byte over 1 seed"
    two = replace(trial, measurements=(first, again))
    assert confirmed_line(two, OBJECTIVES) == "trial 6  quality 2.31 bits per byte over 2 seeds"
    long = replace(trial, measurements=(first, longer))
    assert confirmed_line(long, OBJECTIVES) == "trial 6  trained to 1600 steps with seed 1"


def test_further_runs_are_announced():
    assert confirmation_line(1).endswith("fresh seeds: 1 training run")
    assert long_runs_line(12).endswith("longer training: 12 training runs")


def test_the_start_gives_name_folder_and_what_is_known():
    assert started_line(make_info(), make_plan(30), 0) == "study demo in runs/demo: 30 trials"
    aimed = started_line(make_info(), dataclasses.replace(make_plan(30), grain=256), 0).splitlines()
    assert aimed[0] == "study demo in runs/demo: 30 trials"
    assert aimed[1].startswith("the proxy sees 256 tokens of the target as one") and "below 512 keys" in aimed[1]
    timed = started_line(make_info(), dataclasses.replace(make_plan(30), profiled_tokens=32_768), 0).splitlines()
    assert timed[1].startswith("measuring attention at 32,768 tokens on this machine: full attention first")
    assert (
        started_line(make_info(), make_plan(30), 12) == "study demo in runs/demo: 30 trials, 12 of them finished before"
    )


def test_the_end_counts_trials_by_state_most_frequent_first(make_trial):
    trials = (make_trial(2, state=TrialState.OVER_BUDGET, values={}), make_trial(0), make_trial(1))
    line = finished_line(trials, make_front(points=(make_point(0), make_point(1))))
    assert line == "3 trials: 2 finished, 1 over budget; 2 points on the front"
    assert finished_line(trials[:1], make_front(points=(make_point(0),))).endswith("1 point on the front")
