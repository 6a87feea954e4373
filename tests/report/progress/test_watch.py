"""A study watched on a terminal and in a log."""

from io import StringIO

from rich.console import Console

from nas.patterns.label import label
from nas.patterns.primitives import Full
from nas.report.progress.live import LiveProgress
from nas.report.progress.watch import PlainProgress, make_progress
from nas.results.measurement import Measurement, Outcome
from nas.results.observer import Preparation, Progress
from nas.results.survey import Losses
from nas.results.trial import TrialState
from tests.fronts import make_front, make_info, make_pattern, make_plan

PATTERN = label(make_pattern(Full(), heads=1))
"""What is shown of the pattern that all trials have here."""


def _plain() -> tuple[PlainProgress, Console]:
    console = Console(file=StringIO(), force_terminal=False, width=40)
    watcher = make_progress(console)
    assert isinstance(watcher, PlainProgress)
    return watcher, console


def _lines(console: Console) -> list[str]:
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


def test_a_terminal_is_watched_live():
    assert isinstance(make_progress(Console(file=StringIO(), force_terminal=True)), LiveProgress)


def test_a_plain_line_for_every_trial_never_wrapped(make_trial):
    watcher, console = _plain()
    watcher.study_started(make_info(), make_plan(), ())
    watcher.trial_finished(make_trial(0, 2.4, 1.0, 1.0, baseline="full"))
    watcher.training_progressed(Progress(6, "text", 100, 400))
    watcher.trial_finished(make_trial(6, 2.31))
    assert _lines(console) == [
        "study demo in runs/demo: 30 trials",
        f"[ 1/30] trial 0 (full)  quality 2.4 bits per byte  attention FLOPs 1.00x  KV cache 1.00x  12.3 s  {PATTERN}",
        f"[ 2/30] trial 6  quality 2.31 bits per byte  attention FLOPs 0.42x  KV cache 0.31x  12.3 s  {PATTERN}",
    ]


def test_a_full_baseline_over_budget_still_gives_the_scale(make_trial):
    watcher, console = _plain()
    watcher.study_started(make_info(), make_plan(), ())
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
    watcher.study_started(make_info(), make_plan(), (*known, make_trial(12, state=TrialState.RUNNING, values={})))
    watcher.trial_finished(make_trial(12))
    assert _lines(console)[0] == "study demo in runs/demo: 30 trials, 12 of them finished before"
    assert _lines(console)[1].startswith("[13/30] trial 12  quality")


def test_a_rung_below_the_last_has_a_line_of_its_own(make_trial):
    watcher, console = _plain()
    watcher.study_started(make_info(), make_plan(), ())
    stopped = make_trial(6, 2.75, state=TrialState.STOPPED, step=100)
    watcher.trial_advanced(stopped)
    watcher.trial_finished(stopped)
    assert _lines(console)[1:] == [
        "trial 6  at 100 of 400 steps  quality 2.75 bits per byte",
        f"[ 1/30] trial 6  stopped at 100 steps  quality 2.75 bits per byte  {PATTERN}",
    ]


def test_fresh_seeds_have_their_lines(make_trial):
    watcher, console = _plain()
    watcher.study_started(make_info(), make_plan(), ())
    watcher.confirmation_started(2)
    watcher.trial_confirmed(make_trial(6, 2.31))
    assert _lines(console)[-2:] == [
        "confirming the front and full attention with fresh seeds: 2 training runs",
        "trial 6  quality 2.31 bits per byte over 1 seed",
    ]


def test_every_event_of_a_study_has_its_line(make_trial):
    watcher, console = _plain()
    watcher.study_started(make_info(), make_plan(1), ())
    watcher.trial_finished(make_trial(0))
    watcher.long_runs_started(4)
    watcher.larger_runs_started(2)
    measured = make_trial(0).measurements[-1]
    watcher.larger_run_ended(make_trial(0), [measured])
    lost = Measurement.unfinished(0, 1e-3, 400, Outcome.OUT_OF_MEMORY)
    watcher.larger_run_ended(make_trial(0), [lost])
    watcher.study_finished((make_trial(0),), make_front())
    starts = [
        "study demo",
        "[1/1] trial 0",
        "checking the ranking with longer training: 4",
        "checking the ranking one size up: 2",
        "trial 0  trained one size up",
        "trial 0  one size up: out of memory",
        "1 trial: 1 finished",
    ]
    assert all(line.startswith(start) for line, start in zip(_lines(console), starts, strict=True))


def test_the_time_left_is_told_once_it_is_known_and_when_it_has_halved():
    """One baseline of 400 steps and 29 trials of 100 + 0.5 * 120 + 0.25 * 240: 6,780 steps, at ten a second."""
    console, now = Console(file=StringIO(), force_terminal=False), [0.0]
    watcher = PlainProgress(console, clock=lambda: now[0])
    watcher.study_started(make_info(), make_plan(), ())
    for second in range(360):
        now[0] = second
        watcher.training_progressed(Progress(0, "text", 10 * second, 10_000))
    assert _lines(console)[1:] == ["about 11 min left", "about 6 min left"]


def test_the_last_seconds_are_told_once():
    console, now = Console(file=StringIO(), force_terminal=False), [0.0]
    watcher = PlainProgress(console, clock=lambda: now[0])
    watcher.study_started(make_info(), make_plan(), ())
    for second in range(675):
        now[0] = second
        watcher.training_progressed(Progress(0, "text", 10 * second, 10_000))
    told = _lines(console)[1:]
    assert told[-1] == "about 10 s left" and len(told) == len(set(told))


def test_what_comes_before_the_first_trial_has_a_line_for_each_part_and_its_time(make_trial):
    seconds = 0.0
    console = Console(file=StringIO(), force_terminal=False, width=40)
    watcher = PlainProgress(console, clock=lambda: seconds)
    for step in range(101):
        seconds = 10.0 * step
        what, done, total = ("measuring full attention", 0, 1) if step < 4 else ("survey of layers", step - 4, 96)
        watcher.preparation_progressed(Preparation(what=what, done=done, total=total, share_done=step / 100))
    watcher.study_started(make_info(), make_plan(), ())
    lines = _lines(console)
    assert lines[:3] == [
        "measuring full attention",
        "measuring full attention, about 16 min left before the first trial",
        "survey of layers 0/96, about 16 min left before the first trial",
    ]
    assert "survey of layers 48/96, about 8 min left before the first trial" in lines
    assert len(lines) < 16 and lines[-1] == "study demo in runs/demo: 30 trials"


def test_a_trial_shows_what_was_predicted_of_it(make_trial):
    watcher, console = _plain()
    watcher.study_started(make_info(), make_plan(), ())
    watcher.trial_finished(make_trial(0, 2.4, baseline="full", predicted=Losses(text=0.0, needle=0.0)))
    watcher.trial_finished(make_trial(1, 2.5, predicted=Losses(text=0.0871, needle=0.4)))
    full, other = _lines(console)[1:]
    assert "predicted" not in full and "  predicted +0.087 bits per byte over full  " in other
