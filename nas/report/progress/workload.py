"""How much of a study is done, counted in optimiser steps, so that the time left can be told."""

from itertools import pairwise

from nas.evaluation.settings import study_rungs
from nas.proxy.training.schedule import branch_start
from nas.results.observer import Progress, StudyInfo
from nas.results.trial import Trial, TrialState


class Workload:
    """Counts steps that are done and steps that are expected.

    How many trials halving will let through is not known beforehand: one in `rung_ratio` is expected.

    Args:
        info: of the study.
        known: trials that a resumed study has done with already; they count neither as done nor as expected.
    """

    def __init__(self, info: StudyInfo, known: tuple[Trial, ...]) -> None:
        self._training = info.settings.training
        self._num_tasks = len({score["task"] for score in info.scores})
        self._rungs = study_rungs(info.settings.evaluation, self._training)
        num_known = sum(1 for trial in known if trial.baseline is None)
        num_sampled = info.settings.num_trials - num_known
        num_baselines = info.num_trials - info.settings.num_trials - (len(known) - num_known)
        whole = sum(map(self._leg, self._rungs))
        goes_on = 1 / self._training.rung_ratio
        self._sampled: float = self._num_tasks * sum(
            self._leg(rung) * goes_on ** float(place) for place, rung in enumerate(self._rungs)
        )
        self._expected: float = num_sampled * self._sampled + float(num_baselines * whole * self._num_tasks)
        self._done = 0.0
        self._entered: set[int] = {trial.number for trial in known}
        self._first: dict[tuple[int, str], int] = {}
        self._under_way: dict[tuple[int, str], int] = {}

    @property
    def done(self) -> float:
        """Steps that were made, those of trainings under way included."""
        return self._done + sum(self._under_way.values())

    @property
    def expected(self) -> float:
        """Steps in all, never fewer than were made."""
        return max(self._expected, self.done)

    def progressed(self, progress: Progress) -> None:
        """A training moved on."""
        training = (progress.trial, progress.task)
        first = self._first.setdefault(training, progress.step)
        self._under_way[training] = progress.step - first

    def reached_rung(self, trial: Trial) -> None:
        """A trial has scores at a rung."""
        self._entered.add(trial.number)
        self._settle(trial.number, self._num_tasks * self._leg(trial.step))

    def finished(self, trial: Trial) -> None:
        """A trial goes no further. Halving has told of one that it stopped already; one without training makes room."""
        if trial.state in (TrialState.FINISHED, TrialState.OVER_BUDGET) and trial.step == self._rungs[-1]:
            self.reached_rung(trial)
            return
        self._settle(trial.number, 0)
        if trial.number not in self._entered:
            self._expected -= self._sampled
            self._entered.add(trial.number)

    def announced(self, num_trainings: int, num_steps: int) -> None:
        """Further trainings from the start are to come."""
        self._expected += self._num_tasks * num_trainings * num_steps

    def trained_further(self, trial: Trial) -> None:
        """One of these has ended."""
        self._settle(trial.number, self._num_tasks * trial.measurements[-1].step)

    def _settle(self, number: int, steps: float) -> None:
        for training in [training for training in self._first if training[0] == number]:
            del self._first[training], self._under_way[training]
        self._done += steps

    def _leg(self, rung: int) -> int:
        """Steps on one task from the rung below, or from the start."""
        below = [low for low, high in pairwise(self._rungs) if high == rung]
        return rung - (branch_start(below[0], self._training) if below else 0)
