"""What a study says while it runs."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from rich.console import Console

from nas.patterns.label import label
from nas.patterns.primitives import Full
from nas.report.progress.live import LiveProgress
from nas.report.progress.watch import PlainProgress, make_progress
from nas.results.objective import Objective
from nas.results.observer import Progress, StudyInfo, StudyPlan
from nas.results.trial import TrialState
from tests.fronts import FLOPS, OBJECTIVES, make_front, make_pattern, make_point, make_score

PATTERN = label(make_pattern(Full(), heads=1))
"""What is shown of the pattern that all trials have here."""


def _info(**more) -> StudyInfo:
    fields: dict[str, Any] = {"name": "demo", "folder": Path("runs/demo"), "settings": {}, "objectives": OBJECTIVES}
    return StudyInfo(**(fields | {"scores": (make_score(),)} | more))


def _plan(num_trials: int = 30) -> StudyPlan:
    return StudyPlan(
        num_baselines=1,
        num_sampled=num_trials - 1,
        rungs=(100, 200, 400),
        legs=(100, 120, 240),
        promoted_share=0.5,
        long_steps=1600,
    )


def _plain() -> tuple[PlainProgress, Console]:
    console = Console(file=StringIO(), force_terminal=False, width=40)
    watcher = make_progress(console)
    assert isinstance(watcher, PlainProgress)
    return watcher, console


def _lines(console: Console) -> list[str]:
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


def test_a_plain_line_for_every_trial_never_wrapped(make_trial):
    watcher, console = _plain()
    watcher.study_started(_info(), _plan(), ())
    watcher.trial_finished(make_trial(0, 2.4, 1.0, 1.0, baseline="full"))
    watcher.training_progressed(Progress(6, "text", 100, 400))
    watcher.trial_finished(make_trial(6, 2.31))
    assert _lines(console) == [
        "study demo in runs/demo: 30 trials",
        f"[ 1/30] trial 0 (full)  quality 2.4 bits per byte  attention FLOPs 1.00x  KV cache 1.00x  12.3 s  {PATTERN}",
        f"[ 2/30] trial 6  quality 2.31 bits per byte  attention FLOPs 0.42x  KV cache 0.31x  12.3 s  {PATTERN}",
    ]


def test_costs_have_units_until_full_attention_is_known(make_trial):
    watcher, console = _plain()
    watcher.study_started(_info(), _plan(), ())
    watcher.trial_finished(make_trial(1))
    assert "attention FLOPs 168 MFLOP  KV cache 79.4 KiB" in _lines(console)[-1]


def test_a_full_baseline_over_budget_still_gives_the_scale(make_trial):
    watcher, console = _plain()
    watcher.study_started(_info(), _plan(), ())
    over = make_trial(
        0, 2.4, 1.0, 1.0, baseline="full", state=TrialState.OVER_BUDGET, values={}, reason="too many FLOP"
    )
    watcher.trial_finished(over)
    watcher.trial_finished(make_trial(1))
    assert _lines(console)[-2] == f"[ 1/30] trial 0 (full)  over budget: too many FLOP  {PATTERN}"
    assert "attention FLOPs 0.42x" in _lines(console)[-1]


def test_a_resumed_study_says_what_it_knows_and_counts_on(make_trial):
    watcher, console = _plain()
    known = tuple(make_trial(number, baseline="full" if number == 0 else None) for number in range(12))
    watcher.study_started(_info(), _plan(), (*known, make_trial(12, state=TrialState.RUNNING, values={})))
    watcher.trial_finished(make_trial(12))
    assert _lines(console)[0] == "study demo in runs/demo: 30 trials, 12 of them finished before"
    assert _lines(console)[1].startswith("[13/30] trial 12  quality")


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"state": TrialState.DUPLICATE, "duplicate_of": 3}, "trial 9  same pattern as trial 3"),
        ({"state": TrialState.DIVERGED, "values": {}}, f"trial 9  diverged  {PATTERN}"),
        (
            {"state": TrialState.IMPOSSIBLE, "values": {}, "reason": "no\n[bold]pattern", "pattern": None},
            "trial 9  impossible: no [bold]pattern",
        ),
    ],
)
def test_trials_that_were_not_trained_say_why(make_trial, more, text):
    watcher, console = _plain()
    watcher.study_started(_info(), _plan(), ())
    watcher.trial_finished(make_trial(9, **more))
    assert _lines(console)[-1] == f"[ 1/30] {text}"


def test_a_rung_below_the_last_has_a_line_of_its_own(make_trial):
    watcher, console = _plain()
    watcher.study_started(_info(), _plan(), ())
    stopped = make_trial(6, 2.75, state=TrialState.STOPPED, step=100)
    watcher.trial_advanced(stopped)
    watcher.trial_finished(stopped)
    assert _lines(console)[1:] == [
        "trial 6  at 100 of 400 steps  quality 2.75 bits per byte",
        f"[ 1/30] trial 6  stopped at 100 steps  quality 2.75 bits per byte  {PATTERN}",
    ]


def test_longer_runs_are_told_as_such(make_trial):
    watcher, console = _plain()
    watcher.study_started(_info(), _plan(), ())
    watcher.long_runs_started(1)
    trial = make_trial(6, 2.31)
    longer = replace(trial.measurements[0], step=1600, seed=1, quality=2.0)
    watcher.trial_confirmed(replace(trial, measurements=(*trial.measurements, longer)))
    assert _lines(console)[-2:] == [
        "checking the ranking with longer training: 1 training runs",
        "trial 6  trained to 1600 steps with seed 1",
    ]


def test_the_end_is_summed_up(make_trial):
    watcher, console = _plain()
    trials = (make_trial(0), make_trial(1), make_trial(2, state=TrialState.OVER_BUDGET, values={}))
    watcher.study_started(_info(), _plan(3), trials)
    watcher.study_finished(trials, make_front(points=(make_point(0), make_point(1))))
    assert _lines(console)[-1] == "3 trials: 2 finished, 1 over budget; 2 points on the front"


def _live() -> tuple[LiveProgress, Console]:
    console = Console(file=StringIO(), force_terminal=True, width=120, color_system=None)
    watcher = make_progress(console)
    assert isinstance(watcher, LiveProgress)
    return watcher, console


def _picture(watcher: LiveProgress) -> str:
    """What stands on the terminal at this moment."""
    console = Console(file=StringIO(), width=120, color_system=None)
    console.print(watcher.renderable())
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_the_live_display_shows_all_trials_those_under_way_and_the_best(make_trial):
    watcher, console = _live()
    watcher.study_started(_info(), _plan(), (make_trial(0, 2.4), make_trial(1, 2.35, baseline="bigbird")))
    watcher.training_progressed(Progress(2, "text", 100, 400))
    watcher.training_progressed(Progress(3, "text", 300, 400))
    shown = _picture(watcher)
    assert "2/30" in shown and "best quality 2.35 bits per byte (trial 1 (bigbird))" in shown
    assert "step 100/400" in shown and "step 300/400" in shown
    watcher.training_progressed(Progress(3, "text", 400, 400))
    watcher.trial_finished(make_trial(3, 2.1))
    shown = _picture(watcher)
    assert "3/30" in shown and "best quality 2.1 bits per byte (trial 3)" in shown and "300/400" not in shown
    watcher.study_finished((make_trial(3),), make_front(points=()))
    assert console.file.getvalue().rstrip().endswith("1 trials: 1 finished; 0 points on the front")  # type: ignore[attr-defined]


def test_every_task_has_its_own_line(make_trial):
    scores = tuple(make_score(f"quality_{task}", task=task) for task in ("text", "recall"))
    objectives = (Objective(name="quality", unit="mean rank", direction="minimize"), FLOPS)
    watcher, _ = _live()
    watcher.study_started(_info(scores=scores, objectives=objectives), _plan(), ())
    watcher.training_progressed(Progress(2, "text", 100, 400))
    watcher.training_progressed(Progress(2, "recall", 200, 400))
    shown = _picture(watcher)
    assert "trial 2 text" in shown and "step 100/400" in shown
    assert "trial 2 recall" in shown and "step 200/400" in shown
    watcher.trial_finished(make_trial(2, 0.5))
    shown = _picture(watcher)
    assert "trial 2 text" not in shown and "trial 2 recall" not in shown
    assert "best quality 0.5 mean rank (trial 2)" in shown


def test_fresh_seeds_lengthen_the_bar(make_trial):
    watcher, console = _live()
    watcher.study_started(_info(), _plan(1), ())
    watcher.trial_finished(make_trial(0))
    watcher.confirmation_started(2)
    assert "1/3" in _picture(watcher)
    watcher.training_progressed(Progress(0, "text", 200, 400))
    assert "step 200/400" in _picture(watcher)
    watcher.trial_confirmed(make_trial(0))
    assert "2/3" in _picture(watcher) and "200/400" not in _picture(watcher)
    watcher.study_finished((), make_front(points=()))
    assert "confirming the front and the baselines with fresh seeds: 2 training runs" in console.file.getvalue()  # type: ignore[attr-defined]


def test_fresh_seeds_have_their_lines(make_trial):
    watcher, console = _plain()
    watcher.study_started(_info(), _plan(), ())
    watcher.confirmation_started(2)
    watcher.trial_confirmed(make_trial(6, 2.31))
    assert _lines(console)[-2:] == [
        "confirming the front and the baselines with fresh seeds: 2 training runs",
        "trial 6  quality 2.31 bits per byte over 1 seeds",
    ]


def test_the_live_display_follows_the_direction(make_trial):
    watcher, _ = _live()
    objectives = (Objective(name="quality", unit="accuracy", direction="maximize"), *OBJECTIVES[1:])
    watcher.study_started(
        _info(objectives=objectives), _plan(), (make_trial(0, 0.5), make_trial(1, 0.9), make_trial(2, 0.7))
    )
    assert "best quality 0.9 accuracy (trial 1)" in _picture(watcher)
    watcher.study_finished((), make_front(points=()))


def test_trials_that_fail_never_become_the_best(make_trial):
    watcher, _ = _live()
    watcher.study_started(_info(), _plan(), ())
    watcher.trial_finished(make_trial(0, state=TrialState.DIVERGED, values={}, measurements=()))
    assert "1/30" in _picture(watcher) and "best" not in _picture(watcher)
    watcher.study_finished((), make_front(points=()))


def test_the_cursor_comes_back(make_trial):
    watcher, console = _live()
    watcher.study_started(_info(), _plan(), ())
    watcher.study_finished((), make_front(points=()))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
