"""The live display: all trials with the time left, the trainings under way, and the best so far."""

import atexit
from typing import Any

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from nas.evaluation.settings import study_rungs
from nas.report.objectives import label, leading
from nas.report.progress.lines import confirming_line, finished_line, judging_line, started_line, trial_name
from nas.report.progress.workload import Workload
from nas.report.quantities import format_quantity
from nas.results.observer import Progress as Training
from nas.results.observer import StudyInfo
from nas.results.trial import Trial, TrialState

_SPEED_PERIOD_SECONDS = 3600.0
"""The time left is judged by the last hour; a trial may take minutes."""


class LiveProgress:
    """One display that stays at the bottom of the terminal until the study ends.

    Args:
        console: a terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[done]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[note]}"),
            console=console,
            speed_estimate_period=_SPEED_PERIOD_SECONDS,
        )
        self._done: set[int] = set()
        self._trainings: dict[tuple[int, str], TaskID] = {}
        self._best: Trial | None = None
        self._num_to_confirm = self._num_confirmed = 0

    def renderable(self) -> RenderableType:
        """What stands on the terminal at this moment."""
        return self._bars.get_renderable()

    def study_started(self, info: StudyInfo, known: tuple[Trial, ...]) -> None:
        """See `Observer`."""
        done = [trial for trial in known if trial.state is not TrialState.RUNNING]
        self._info, self._done = info, {trial.number for trial in done}
        self._goal, self._work = leading(info.objectives), Workload(info, tuple(done))
        self._num_steps = study_rungs(info.settings.evaluation, info.settings.training)[-1]
        self._num_tasks = len({score["task"] for score in info.scores})
        for trial in done:
            self._keep_best(trial)
        self._console.print(started_line(info, len(done)), markup=False, highlight=False)
        self._overall = self._bars.add_task("all trials", done="", note="")
        self._show_overall()
        atexit.register(self._bars.stop)  # an interrupted study must not leave the cursor hidden
        self._bars.start()

    def training_progressed(self, progress: Training) -> None:
        """See `Observer`."""
        self._work.progressed(progress)
        self._move_training(progress)
        self._show_overall()

    def trial_advanced(self, trial: Trial) -> None:
        """See `Observer`."""
        self._done.add(trial.number)
        self._work.reached_rung(trial)
        self._end_training(trial.number)
        self._show_overall()

    def trial_finished(self, trial: Trial) -> None:
        """See `Observer`."""
        self._done.add(trial.number)
        self._work.finished(trial)
        self._end_training(trial.number)
        self._keep_best(trial)
        self._show_overall()

    def confirmation_started(self, num_trials: int) -> None:
        """See `Observer`; the new trainings lengthen the bar."""
        self._num_to_confirm += num_trials
        self._work.announced(num_trials, self._num_steps)
        self._console.print(confirming_line(num_trials), markup=False, highlight=False)
        self._show_overall()

    def judging_started(self, num_trainings: int) -> None:
        """See `Observer`; the new trainings lengthen the bar."""
        self._num_to_confirm += num_trainings
        self._work.announced(num_trainings, self._num_steps * self._info.settings.fidelity.times)
        self._console.print(judging_line(num_trainings), markup=False, highlight=False)
        self._show_overall()

    def trial_confirmed(self, trial: Trial) -> None:
        """See `Observer`."""
        self._num_confirmed += 1
        self._work.trained_further(trial)
        self._end_training(trial.number)
        self._show_overall()

    def study_finished(self, trials: tuple[Trial, ...], front: dict[str, Any]) -> None:
        """See `Observer`."""
        for trial, _ in tuple(self._trainings):
            self._end_training(trial)
        self._bars.stop()
        self._console.print(finished_line(trials, front), markup=False, highlight=False)

    def _move_training(self, progress: Training) -> None:
        training = (progress.trial, progress.task)
        if training not in self._trainings:
            task = f" {progress.task}" if self._num_tasks > 1 else ""
            self._trainings[training] = self._bars.add_task(f"trial {progress.trial}{task}", done="", note="")
        self._bars.update(
            self._trainings[training],
            total=progress.num_steps,
            completed=progress.step,
            done=f"step {progress.step}/{progress.num_steps}",
        )

    def _end_training(self, trial: int) -> None:
        """Take down what was trained for a trial, on every task."""
        for training in [training for training in self._trainings if training[0] == trial]:
            self._bars.remove_task(self._trainings.pop(training))

    def _keep_best(self, trial: Trial) -> None:
        name, sign = self._goal["name"], 1 if self._goal["direction"] == "minimize" else -1
        if name in trial.values and (self._best is None or sign * trial.values[name] < sign * self._best.values[name]):
            self._best = trial

    def _show_overall(self) -> None:
        """Trials are counted for the reader, steps for the time left: halving takes few trials far."""
        total, num_done = self._info.num_trials + self._num_to_confirm, len(self._done) + self._num_confirmed
        self._bars.update(
            self._overall,
            total=self._work.expected,
            completed=self._work.done,
            done=f"{num_done}/{total}",
            note=self._best_note(),
        )

    def _best_note(self) -> str:
        if self._best is None:
            return ""
        value = format_quantity(self._best.values[self._goal["name"]], self._goal["unit"])
        return escape(f"best {label(self._goal['name'])} {value} ({trial_name(self._best)})")
