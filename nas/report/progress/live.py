"""The live display: how far the search is, the front so far, and the training runs under way."""

import atexit
import time
from collections.abc import Callable, Iterator

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from nas.report.objective_labels import label
from nas.report.progress.lines import (
    confirmation_line,
    finished_line,
    larger_runs_line,
    long_runs_line,
    preparation_line,
    started_line,
    time_left,
)
from nas.report.progress.tally import Tally
from nas.report.progress.time_left import TimeLeft
from nas.report.quantities import format_count
from nas.report.sparkline import sparkline
from nas.report.studies.standing import Standing, standings_so_far, volumes_so_far
from nas.report.style import ACCENT
from nas.results.front import Front
from nas.results.observer import Preparation, Progress, StudyInfo, StudyPlan
from nas.results.progress import StudyProgress
from nas.results.trial import Trial, TrialState

MOST_POINTS, MOST_RUNS = 6, 4
"""Points of the front, and training runs, that are shown; the others are counted."""
_BAR, _SPARKLINE = 24, 48
"""Columns of the bar and of the sparkline."""
_LOADING = "Workers are loading PyTorch and the data; the first steps follow in a few seconds."


class LiveProgress(Tally):
    """One display that stays at the bottom of the terminal until the study ends.

    Args:
        console: a terminal.
        clock: the current time in seconds, for the time left.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock)
        self._console = console
        self._standings: tuple[Standing, ...] = ()
        self._volumes: list[float] = []
        self._left_before = TimeLeft(clock)
        self._preparing: RenderableType | None = Text()
        self._live = Live(console=console, get_renderable=self.renderable, transient=True)

    def renderable(self) -> RenderableType:
        """The current content of the display."""
        if self._preparing is not None:
            return self._preparing
        progress = self._progress
        return Group(
            self._headline(progress), _bar(progress), *self._search_so_far(), *_runs(progress, self._num_tasks)
        )

    def changed(self, stage_began: bool = False) -> None:
        """See `Tally`; the display is drawn by a thread of its own, which gets a value that does not change."""
        self._progress = self.progress(time.time())

    def preparation_progressed(self, preparation: Preparation) -> None:
        """See `Observer`."""
        self._left_before.update(preparation.share_done, 1.0)
        line = preparation_line(preparation, self._left_before.seconds)
        self._preparing = _bar_line(preparation.share_done, line)
        self._start()

    def study_started(self, info: StudyInfo, plan: StudyPlan, known: tuple[Trial, ...]) -> None:
        """See `Observer`."""
        super().study_started(info, plan, known)
        self._num_tasks = len({score.task for score in info.scores})
        self._look_at_trials()
        self._print(started_line(info, plan, len(self.trials)))
        self._preparing = None
        self._start()

    def trial_finished(self, trial: Trial) -> None:
        """See `Observer`."""
        super().trial_finished(trial)
        self._look_at_trials()

    def trial_confirmed(self, trial: Trial) -> None:
        """See `Observer`."""
        super().trial_confirmed(trial)
        self._look_at_trials()

    def confirmation_started(self, num_trials: int) -> None:
        """See `Observer`; the new training runs lengthen the bar."""
        super().confirmation_started(num_trials)
        self._print(confirmation_line(num_trials))

    def long_runs_started(self, num_runs: int) -> None:
        """See `Observer`; the new training runs lengthen the bar."""
        super().long_runs_started(num_runs)
        self._print(long_runs_line(num_runs))

    def larger_runs_started(self, num_runs: int) -> None:
        """See `Observer`; they are part of the bar from the start."""
        super().larger_runs_started(num_runs)
        self._print(larger_runs_line(num_runs))

    def study_finished(self, trials: tuple[Trial, ...], front: Front) -> None:
        """See `Observer`."""
        super().study_finished(trials, front)
        self._live.stop()
        self._print(finished_line(trials, front))

    def _start(self) -> None:
        if not self._live.is_started:
            atexit.register(self._live.stop)  # an interrupted study must not leave the cursor hidden
            self._live.start()

    def _look_at_trials(self) -> None:
        """What is shown of trials that have ended: worked out when one ends, not at every refresh."""
        trials = list(self.trials.values())
        self._standings = standings_so_far(trials, self.info.objectives)
        self._volumes = volumes_so_far(trials, self.info.objectives)

    def _headline(self, progress: StudyProgress) -> Text:
        pace = progress.trials_per_hour
        parts = [
            f"{progress.num_done}/{progress.num_expected} trials",
            f"{pace:.3g} an hour" if pace else "",
            format_count(progress.num_workers, "worker"),
        ]
        text = Text.assemble((" ".join(self.info.name.split()), "bold"), f"  {progress.stage}  ", no_wrap=True)
        return text.append(", ".join(filter(None, parts)), "dim")

    def _search_so_far(self) -> Iterator[RenderableType]:
        if not self._standings:
            return
        num_trained = sum(trial.state is TrialState.FINISHED for trial in self.trials.values())
        yield Text.assemble(("hypervolume  ", "dim"), (sparkline(self._volumes, _SPARKLINE), ACCENT), no_wrap=True)
        yield Text()
        of = f"Front so far, of {format_count(num_trained, 'trial')} trained to the end, as measured"
        units = dict.fromkeys(one.unit for one in self.info.objectives if not one.is_cost)
        yield Text(f"{of} ({', '.join(units)})" if units else of, "dim", no_wrap=True, overflow="ellipsis")
        yield self._points()
        if len(self._standings) > MOST_POINTS:
            yield Text(f"and {format_count(len(self._standings) - MOST_POINTS, 'more point')}", "dim")

    def _points(self) -> Table:
        """Where the terminal is narrow, headings take more lines and labels are cut; numbers never are."""
        shown = self._standings[:MOST_POINTS]
        columns = {"trial": [str(one.trial) for one in shown]}
        columns |= {label(each.name): [one.short(each) for one in shown] for each in self.info.objectives}
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for heading, cells in columns.items():
            table.add_column(heading, justify="right", width=max(map(len, [*heading.split(), *cells])))
        table.add_column("pattern", style=ACCENT, vertical="bottom")
        labels = (Text(one.named_label, no_wrap=True, overflow="ellipsis") for one in shown)
        for *numbers, named in zip(*columns.values(), labels, strict=True):
            table.add_row(*numbers, named)
        return table

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False)


def _bar(progress: StudyProgress) -> RenderableType:
    """Trials are the count above, but steps are the progress: halving trains few trials to the end."""
    return _bar_line(progress.share_done, f"{progress.share_done:.0%}", time_left(progress.seconds_left))


def _bar_line(share_done: float, *words: str) -> RenderableType:
    line = Table.grid(padding=(0, 2, 0, 0))
    line.add_row(ProgressBar(1.0, share_done, width=_BAR, complete_style=ACCENT, finished_style=ACCENT), *words)
    return line


def _runs(progress: StudyProgress, num_tasks: int) -> Iterator[RenderableType]:
    if not progress.runs:
        if not progress.num_done:
            yield Text(_LOADING, "dim")
        return
    yield Text()
    for run in progress.runs[:MOST_RUNS]:
        yield _run(run, with_task=num_tasks > 1)
    if len(progress.runs) > MOST_RUNS:
        yield Text(f"and {format_count(len(progress.runs) - MOST_RUNS, 'more training run')}", "dim")


def _run(run: Progress, *, with_task: bool) -> Table:
    line = Table.grid(padding=(0, 2, 0, 0))
    name = f"trial {run.trial}" + (f" {run.task}" if with_task else "")
    bar = ProgressBar(run.num_steps, run.step, width=_BAR, complete_style=ACCENT, finished_style=ACCENT)
    line.add_row(bar, name, Text(f"step {run.step}/{run.num_steps}", "dim"))
    return line
