"""Watching a table being built."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from nas.ground_truth.report.progress import LiveTableWatcher, PlainTableWatcher, make_table_watcher
from nas.ground_truth.row_store import Progress
from nas.results.measurement import Measurement, Outcome
from nas.results.table import TableRow

UNIT = "bits per byte"


def row(**changes: Any) -> TableRow:
    values: dict[str, Any] = {
        "seed": 1, "learning_rate": 4e-3, "step": 480, "outcome": Outcome.FINISHED, "quality": 2.5, "train_loss": 1.7,
        "wall_seconds": 12.34, "longer": (),
    }  # fmt: skip
    return TableRow.of("5ef7b4395f38b714", Measurement(**values | changes))


def progress(new: TableRow | None, num_rows: int, steps: int, found: int = 0) -> Progress:
    return Progress(row=new, num_rows=num_rows, total_rows=1494, steps=steps, total_steps=1000, found=found, unit=UNIT)


Watcher = type[PlainTableWatcher] | type[LiveTableWatcher]


def watched(watcher: Watcher) -> str:
    """What a watcher writes of two rows, each a minute in training, and of the way to the first."""
    now = [100.0]
    console = Console(file=StringIO(), width=160, force_terminal=watcher is LiveTableWatcher)
    with watcher(console, "tables/[mine].jsonl", lambda: now[0]) as watch:
        watch(progress(None, 32, 200))
        now[0] += 30
        watch(progress(None, 32, 205))
        now[0] += 30
        watch(progress(row(), 33, 210))
        now[0] += 60
        watch(progress(row(outcome=Outcome.DIVERGED, quality=None, train_loss=None), 34, 1000))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_plain_lines_say_what_came_and_what_is_left() -> None:
    assert watched(PlainTableWatcher).splitlines() == [
        "table tables/[mine].jsonl: 1,494 rows, 32 already done",
        # Five steps in half a minute, 795 to go.
        "about 1 h 20 min left",
        "[  33/1494] 5ef7b4395f38b714 seed 1 rate 0.004 step 480  2.5 bits per byte  12.3 s  about 1 h 19 min left",
        "[  34/1494] 5ef7b4395f38b714 seed 1 rate 0.004 step 480  diverged  12.3 s",
    ]


def test_steps_that_a_resumed_run_finds_are_no_pace() -> None:
    """A run that goes on at step 700 has not made these in the second since the build began."""
    now = [100.0]
    console = Console(file=StringIO(), width=160)
    with PlainTableWatcher(console, "x", lambda: now[0]) as watch:
        watch(progress(None, 1, 200))
        now[0] += 1
        watch(progress(None, 1, 900, found=700))
        now[0] += 59
        watch(progress(None, 1, 910, found=700))
    assert console.file.getvalue().splitlines()[1:] == ["about 9 min left"]  # type: ignore[attr-defined]


def test_a_terminal_shows_a_bar_with_the_newest_row() -> None:
    shown = watched(LiveTableWatcher)
    assert "tables/[mine].jsonl: 1,494 rows, 32 already done" in shown
    assert "34/1,494" in shown and "diverged" in shown


@pytest.mark.parametrize(("terminal", "watcher"), [(True, LiveTableWatcher), (False, PlainTableWatcher)])
def test_the_console_decides_which_watcher_it_is(terminal: bool, watcher: Watcher) -> None:
    assert isinstance(make_table_watcher(Console(file=StringIO(), force_terminal=terminal), "x"), watcher)


def test_the_bar_leaves_the_terminal_as_it_was() -> None:
    console = Console(file=StringIO(), width=160, force_terminal=True)
    with pytest.raises(KeyboardInterrupt), make_table_watcher(console, "x") as watch:
        watch(progress(None, 0, 0))
        raise KeyboardInterrupt
    assert console.file.getvalue().rstrip().endswith("\x1b[?25h")  # the cursor is back
