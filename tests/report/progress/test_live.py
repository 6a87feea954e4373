"""The display at the bottom of a terminal."""

from io import StringIO

import pytest
from rich.console import Console

from nas.report.progress.live import LiveProgress
from nas.results.objective import Objective
from nas.results.observer import Preparation, Progress
from nas.results.trial import TrialState
from tests.fronts import FLOPS, LONG_PATTERN, OBJECTIVES, make_front, make_info, make_plan, make_score


def _live() -> tuple[LiveProgress, Console]:
    console = Console(file=StringIO(), force_terminal=True, width=120, color_system=None)
    return LiveProgress(console), console


def _picture(watcher: LiveProgress) -> str:
    """What stands on the terminal at this moment."""
    console = Console(file=StringIO(), width=120, color_system=None)
    console.print(watcher.renderable())
    return console.file.getvalue()  # type: ignore[attr-defined]


def _points(shown: str) -> list[str]:
    """The trials of the front so far, in its order."""
    table = shown.partition("pattern")[2].partition("\n\n")[0]
    return [line.split()[0] for line in table.splitlines() if line.split()[:1] != ["and"] and line.strip()]


def test_the_live_display_shows_all_trials_those_under_way_and_the_best(make_trial):
    watcher, console = _live()
    watcher.study_started(make_info(), make_plan(), (make_trial(0, 2.4), make_trial(1, 2.35, baseline="bigbird")))
    watcher.training_progressed(Progress(2, "text", 100, 400))
    watcher.training_progressed(Progress(3, "text", 300, 400))
    shown = _picture(watcher)
    assert "demo  searching  2/30 trials" in shown and _points(shown) == ["1"]
    assert "2.350" in shown and "bigbird  L0 1x full" in shown
    assert "step 100/400" in shown and "step 300/400" in shown
    watcher.training_progressed(Progress(3, "text", 400, 400))
    watcher.trial_finished(make_trial(3, 2.1))
    shown = _picture(watcher)
    assert "3/30" in shown and _points(shown) == ["3"] and "300/400" not in shown
    watcher.study_finished((make_trial(3),), make_front(points=()))
    assert console.file.getvalue().rstrip().endswith("1 trial: 1 finished; 0 points on the front")  # type: ignore[attr-defined]


def test_until_the_first_step_it_says_what_is_waited_for(make_trial):
    watcher, _ = _live()
    watcher.study_started(make_info(), make_plan(), ())
    assert "Workers are loading PyTorch" in _picture(watcher)
    watcher.training_progressed(Progress(0, "text", 1, 400))
    assert "loading" not in _picture(watcher)


def test_values_so_far_have_their_unit(make_trial):
    watcher, _ = _live()
    watcher.study_started(make_info(), make_plan(), (make_trial(0, 2.4),))
    assert "Front so far, of 1 trial trained to the end, as measured (bits per byte)" in _picture(watcher)


def test_every_task_has_its_own_line(make_trial):
    scores = tuple(make_score(f"quality_{task}", task=task) for task in ("text", "recall"))
    objectives = (Objective(name="quality", unit="mean rank", direction="minimize"), FLOPS)
    watcher, _ = _live()
    watcher.study_started(make_info(scores=scores, objectives=objectives), make_plan(), ())
    watcher.training_progressed(Progress(2, "text", 100, 400))
    watcher.training_progressed(Progress(2, "recall", 200, 400))
    shown = _picture(watcher)
    assert "trial 2 text" in shown and "step 100/400" in shown
    assert "trial 2 recall" in shown and "step 200/400" in shown
    watcher.trial_finished(make_trial(2, 0.5))
    shown = _picture(watcher)
    assert "trial 2 text" not in shown and "trial 2 recall" not in shown
    assert _points(shown) == ["2"] and "0.500" in shown


def test_fresh_seeds_lengthen_the_bar(make_trial):
    watcher, console = _live()
    watcher.study_started(make_info(), make_plan(1), ())
    watcher.trial_finished(make_trial(0))
    watcher.confirmation_started(2)
    assert "1/3" in _picture(watcher)
    watcher.training_progressed(Progress(0, "text", 200, 400))
    assert "step 200/400" in _picture(watcher)
    watcher.trial_confirmed(make_trial(0))
    assert "2/3" in _picture(watcher) and "200/400" not in _picture(watcher)
    watcher.larger_runs_started(1)
    watcher.training_progressed(Progress(0, "text_2x", 100, 400))
    assert "2/4" in _picture(watcher) and "step 100/400" in _picture(watcher)
    watcher.larger_run_ended(make_trial(0), make_trial(0).measurements)
    assert "3/4" in _picture(watcher) and "100/400" not in _picture(watcher)
    watcher.study_finished((), make_front(points=()))
    assert "confirming the front and full attention with fresh seeds: 2 training runs" in console.file.getvalue()  # type: ignore[attr-defined]


def test_the_live_display_follows_the_direction(make_trial):
    watcher, _ = _live()
    objectives = (Objective(name="quality", unit="accuracy", direction="maximize"), *OBJECTIVES[1:])
    watcher.study_started(
        make_info(objectives=objectives), make_plan(), (make_trial(0, 0.5), make_trial(1, 0.9), make_trial(2, 0.7))
    )
    assert _points(_picture(watcher)) == ["1"]
    watcher.study_finished((), make_front(points=()))


def test_trials_that_fail_never_become_the_best(make_trial):
    watcher, _ = _live()
    watcher.study_started(make_info(), make_plan(), ())
    watcher.trial_finished(make_trial(0, state=TrialState.DIVERGED, values={}, measurements=()))
    assert "1/30" in _picture(watcher) and "Front so far" not in _picture(watcher)
    watcher.study_finished((), make_front(points=()))


def test_the_cursor_comes_back(make_trial):
    watcher, console = _live()
    watcher.study_started(make_info(), make_plan(), ())
    watcher.study_finished((), make_front(points=()))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


def test_a_front_too_long_for_the_terminal_is_counted(make_trial):
    watcher, _ = _live()
    known = tuple(make_trial(n, 2.0 + n / 100, 1.0 - n / 20, 1.0 - n / 20) for n in range(9))
    watcher.study_started(make_info(), make_plan(), known)
    for n in range(9, 15):
        watcher.training_progressed(Progress(n, "text", 100, 400))
    shown = _picture(watcher)
    assert _points(shown) == ["0", "1", "2", "3", "4", "5"] and "and 3 more points" in shown
    assert "and 2 more training runs" in shown and "of 9 trials trained to the end" in shown
    assert "hypervolume  ▁" in shown or "hypervolume  ▂" in shown
    watcher.study_finished((), make_front(points=()))


@pytest.mark.parametrize("width", [40, 80])
def test_no_line_is_wider_than_the_terminal(make_trial, width):
    watcher, _ = _live()
    known = (make_trial(0, 2.4, baseline="full", pattern=LONG_PATTERN), make_trial(1, 2.35, pattern=LONG_PATTERN))
    watcher.study_started(make_info(name="a" * 100), make_plan(), known)
    watcher.training_progressed(Progress(2, "text", 100, 400))
    console = Console(file=StringIO(), width=width, color_system=None)
    console.print(watcher.renderable())
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert max(map(len, lines)) <= width and "step 100/400" in "\n".join(lines)
    watcher.study_finished((), make_front(points=()))


def test_what_comes_before_the_first_trial_is_shown_until_the_study_starts():
    watcher, console = _live()
    watcher.preparation_progressed(Preparation(what="survey of layers", done=12, total=30, share_done=0.4))
    assert "survey of layers 12/30" in _picture(watcher)
    watcher.study_started(make_info(), make_plan(), ())
    assert "survey" not in _picture(watcher) and "demo  searching" in _picture(watcher)
    watcher.study_finished((), make_front(points=()))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


def test_on_a_narrow_terminal_labels_are_cut_and_numbers_are_not(make_trial):
    watcher, _ = _live()
    watcher.study_started(make_info(), make_plan(), (make_trial(0, 2.4, baseline="sparse_transformer_strided"),))
    narrow = Console(file=StringIO(), width=52, color_system=None)
    narrow.print(watcher.renderable())
    cut = next(line for line in narrow.file.getvalue().splitlines() if "spars" in line)  # type: ignore[attr-defined]
    whole = next(line for line in _picture(watcher).splitlines() if "spars" in line)
    numbers = whole.partition("spars")[0].split()
    assert cut.partition("spars")[0].split() == numbers and "2.400" in numbers
    assert cut.rstrip().endswith("…") and "…" not in whole
