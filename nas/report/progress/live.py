"""The live display: all trials with the time left, the current training runs, and the best trial so far."""

import atexit
import time
from collections.abc import Callable, Sequence

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from nas.report.objective_labels import label
from nas.report.progress.lines import (
    confirmation_line,
    finished_line,
    larger_runs_line,
    long_runs_line,
    started_line,
    time_left,
    trial_name,
)
from nas.report.progress.time_left import TimeLeft
from nas.report.progress.workload import Workload
from nas.report.quantities import format_quantity
from nas.results.front import Front, leading
from nas.results.measurement import Measurement
from nas.results.observer import Observer, StudyInfo, StudyPlan
from nas.results.observer import Progress as TrainingProgress
from nas.results.trial import Trial, TrialState


class LiveProgress(Observer):
    """One display that stays at the bottom of the terminal until the study ends.

    Args:
        console: a terminal.
        clock: the current time in seconds, for the time left.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[done]}"),
            TextColumn("{task.fields[note]}"),
            console=console,
        )
        self._left = TimeLeft(clock)
        self._done: set[int] = set()
        self._runs: dict[tuple[int, str], TaskID] = {}
        self._best: Trial | None = None
        self._num_to_confirm = self._num_confirmed = 0

    def renderable(self) -> RenderableType:
        """The current content of the display."""
        return self._bars.get_renderable()

    def study_started(self, info: StudyInfo, plan: StudyPlan, known: tuple[Trial, ...]) -> None:
        """See `Observer`."""
        done = [trial for trial in known if trial.state is not TrialState.RUNNING]
        self._plan, self._done = plan, {trial.number for trial in done}
        self._leading, self._work = leading(info.objectives), Workload(plan, info.scores, done)
        self._num_tasks = len({score.task for score in info.scores})
        for trial in done:
            self._keep_best(trial)
        self._console.print(started_line(info, plan, len(done)), markup=False, highlight=False)
        self._overall = self._bars.add_task("all trials", done="", note="")
        self._show_overall()
        atexit.register(self._bars.stop)  # an interrupted study must not leave the cursor hidden
        self._bars.start()

    def training_progressed(self, progress: TrainingProgress) -> None:
        """See `Observer`."""
        self._work.progressed(progress)
        self._move_run(progress)
        self._show_overall()

    def trial_advanced(self, trial: Trial) -> None:
        """See `Observer`."""
        self._done.add(trial.number)
        self._work.reached_rung(trial)
        self._end_run(trial.number)
        self._show_overall()

    def trial_finished(self, trial: Trial) -> None:
        """See `Observer`."""
        self._done.add(trial.number)
        self._work.finished(trial)
        self._end_run(trial.number)
        self._keep_best(trial)
        self._show_overall()

    def confirmation_started(self, num_trials: int) -> None:
        """See `Observer`; the new training runs lengthen the bar."""
        self._num_to_confirm += num_trials
        self._work.announced(num_trials, self._plan.rungs[-1])
        self._console.print(confirmation_line(num_trials), markup=False, highlight=False)
        self._show_overall()

    def long_runs_started(self, num_runs: int) -> None:
        """See `Observer`; the new training runs lengthen the bar."""
        self._num_to_confirm += num_runs
        self._work.announced(num_runs, self._plan.long_steps)
        self._console.print(long_runs_line(num_runs), markup=False, highlight=False)
        self._show_overall()

    def larger_runs_started(self, num_runs: int) -> None:
        """See `Observer`; they are part of the bar from the start."""
        self._num_to_confirm += num_runs
        self._work.announced_larger(num_runs)
        self._console.print(larger_runs_line(num_runs), markup=False, highlight=False)
        self._show_overall()

    def larger_run_ended(self, trial: Trial, measurements: Sequence[Measurement]) -> None:
        """See `Observer`."""
        self._num_confirmed += 1
        self._work.trained_larger(trial.number)
        self._end_run(trial.number)
        self._show_overall()

    def trial_confirmed(self, trial: Trial) -> None:
        """See `Observer`."""
        self._num_confirmed += 1
        self._work.trained_further(trial)
        self._end_run(trial.number)
        self._show_overall()

    def study_finished(self, trials: tuple[Trial, ...], front: Front) -> None:
        """See `Observer`."""
        for trial, _ in tuple(self._runs):
            self._end_run(trial)
        self._bars.stop()
        self._console.print(finished_line(trials, front), markup=False, highlight=False)

    def _move_run(self, progress: TrainingProgress) -> None:
        run = (progress.trial, progress.task)
        if run not in self._runs:
            task = f" {progress.task}" if self._num_tasks > 1 else ""
            self._runs[run] = self._bars.add_task(f"trial {progress.trial}{task}", done="", note="")
        self._bars.update(
            self._runs[run],
            total=progress.num_steps,
            completed=progress.step,
            done=f"step {progress.step}/{progress.num_steps}",
        )

    def _end_run(self, trial: int) -> None:
        """Remove the training runs of a trial, on all tasks."""
        for run in [run for run in self._runs if run[0] == trial]:
            self._bars.remove_task(self._runs.pop(run))

    def _keep_best(self, trial: Trial) -> None:
        name, sign = self._leading.name, self._leading.sign
        if name in trial.values and (self._best is None or sign * trial.values[name] < sign * self._best.values[name]):
            self._best = trial

    def _show_overall(self) -> None:
        """Show trials as the count, but steps as the progress: halving trains few trials to the end."""
        total, num_done = self._plan.num_trials + self._num_to_confirm, len(self._done) + self._num_confirmed
        self._left.update(self._work.done, self._work.expected)
        self._bars.update(
            self._overall,
            total=self._work.expected,
            completed=self._work.done,
            done=f"{num_done}/{total}",
            note="  ".join(filter(None, [time_left(self._left.seconds), self._best_note()])),
        )

    def _best_note(self) -> str:
        if self._best is None:
            return ""
        value = format_quantity(self._best.values[self._leading.name], self._leading.unit)
        return escape(f"best {label(self._leading.name)} {value} ({trial_name(self._best)})")
