"""Progress of a table that is being built: one live line on a terminal, plain lines elsewhere."""

import math
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bars

from nas.ground_truth.row_store import Progress
from nas.report.progress.lines import time_left
from nas.report.progress.time_left import TimeLeft
from nas.report.quantities import format_quantity, format_seconds
from nas.results.table import TableRow


class TableWatcher(Protocol):
    """Shows the progress of a table while its context is open."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def __call__(self, progress: Progress) -> None:
        """Called at the start, as training goes on, and with every new row."""
        ...


def make_table_watcher(console: Console, name: str) -> TableWatcher:
    """The watcher that fits the console.

    Args:
        console: where it writes.
        name: what the table is called.
    """
    return LiveTableWatcher(console, name) if console.is_terminal else PlainTableWatcher(console, name)


class PlainTableWatcher:
    """Prints a line for every row; between rows the time left, as soon as it can be told and whenever it has halved.

    Args:
        console: where the lines go.
        name: what the table is called.
        clock: the current time in seconds, for the time left.
    """

    def __init__(self, console: Console, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._name = console, name
        self._left, self._told = TimeLeft(clock), math.inf
        self._num_rows: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to clean up."""

    def __call__(self, progress: Progress) -> None:
        """See `TableWatcher`."""
        self._left.update(progress.steps - progress.found, progress.total_steps - progress.found)
        seconds = self._left.seconds
        if self._num_rows is None:
            self._print(started_line(self._name, progress))
        elif progress.row is not None and progress.num_rows > self._num_rows:
            width = len(str(progress.total_rows))
            place = f"[{progress.num_rows:>{width}}/{progress.total_rows}]"
            left = f"  {time_left(seconds)}" if seconds else ""
            self._print(f"{place} {row_text(progress.row, progress.unit)}{left}")
        elif seconds and seconds <= self._told / 2:
            self._told = seconds
            self._print(time_left(seconds))
        self._num_rows = progress.num_rows

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class LiveTableWatcher:
    """Shows a bar with the rows done, the time left, and the newest row.

    Args:
        console: a terminal.
        name: what the table is called.
        clock: the current time in seconds, for the time left.
    """

    def __init__(self, console: Console, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._name = console, name
        self._left, self._has_started = TimeLeft(clock), False
        columns = ("{task.description}", "{task.fields[done]}", "{task.fields[left]}", "{task.fields[newest]}")
        first, *others = (TextColumn(column) for column in columns)
        self._bars = Bars(first, BarColumn(bar_width=24), *others, console=console)
        self._task = self._bars.add_task("rows", total=None, done="", left="", newest="")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def __call__(self, progress: Progress) -> None:
        """See `TableWatcher`."""
        self._left.update(progress.steps - progress.found, progress.total_steps - progress.found)
        if not self._has_started:
            self._has_started = True
            self._console.print(started_line(self._name, progress), markup=False, highlight=False)
            self._bars.start()
        self._bars.update(
            self._task,
            total=progress.total_steps,
            completed=progress.steps,
            done=f"{progress.num_rows:,}/{progress.total_rows:,}",
            left=time_left(self._left.seconds),
            newest="" if progress.row is None else escape(row_text(progress.row, progress.unit)),
        )


def started_line(name: str, progress: Progress) -> str:
    """`table tables/mine.jsonl: 1,494 rows, 32 already done`."""
    done = f", {progress.num_rows:,} already done" if progress.num_rows else ""
    return f"table {name}: {progress.total_rows:,} rows{done}"


def row_text(row: TableRow, unit: str) -> str:
    """`5ef7b4395f38b714 seed 0 rate 0.004 step 1920 (sweep)  2.356 bits per byte  19.5 s`."""
    what = f"{row.pattern_id} seed {row.seed} rate {row.learning_rate:g} step {row.step}"
    shown = row.outcome.value if row.quality is None else format_quantity(row.quality, unit)
    return f"{what}{' (sweep)' if row.sweep else ''}  {shown}  {format_seconds(row.wall_seconds)}"
