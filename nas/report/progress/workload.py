"""The workload of a study in optimiser steps, done and expected, from which the time left is estimated.

Scoring counts as the steps that take as long.
"""

from collections.abc import Sequence

from nas.results.objective import Score
from nas.results.observer import Progress, StudyPlan
from nas.results.trial import Trial, TrialState


class Workload:
    """Counts the steps done and the steps expected.

    The number of promoted trials is unknown beforehand, as is that of further runs: the plan's numbers are expected.

    Args:
        plan: the plan of the study.
        scores: the scores of the study; every task takes its own steps.
        known: trials that a resumed study had finished before; they count neither as done nor as expected.
    """

    def __init__(self, plan: StudyPlan, scores: Sequence[Score], known: Sequence[Trial]) -> None:
        self._plan = plan
        self._tasks = {score.task for score in scores}
        self._num_tasks = len(self._tasks)
        num_known = sum(1 for trial in known if trial.baseline is None)
        num_sampled = plan.num_sampled - num_known
        num_baselines = plan.num_baselines - (len(known) - num_known)
        self._sampled: float = self._num_tasks * sum(
            leg * plan.promoted_share ** float(place) for place, leg in enumerate(plan.legs)
        )
        self._further = {
            plan.rungs[-1]: self._runs(plan.num_confirmations, plan.rungs[-1]),
            plan.long_steps: self._runs(plan.num_long_runs, plan.long_steps),
        }
        self._expected: float = num_sampled * self._sampled + self._num_tasks * num_baselines * sum(plan.legs)
        self._larger_work = plan.larger_step * self._runs(1, plan.long_steps)
        self._expected += sum(self._further.values()) + plan.num_larger_runs * self._larger_work
        self._done = 0.0
        self._entered: set[int] = {trial.number for trial in known}
        self._first: dict[tuple[int, str], int] = {}
        self._under_way: dict[tuple[int, str], float] = {}

    @property
    def done(self) -> float:
        """Steps done, including those of current training runs."""
        return self._done + sum(self._under_way.values())

    @property
    def expected(self) -> float:
        """Steps in total, never fewer than those done."""
        return max(self._expected, self.done)

    def progressed(self, progress: Progress) -> None:
        """A training run has progressed."""
        run = (progress.trial, progress.task)
        first = self._first.setdefault(run, progress.step)
        self._under_way[run] = (progress.step - first) * (1 if progress.task in self._tasks else self._plan.larger_step)

    def reached_rung(self, trial: Trial) -> None:
        """A trial has scores at a rung."""
        self._entered.add(trial.number)
        leg = self._plan.legs[self._plan.rungs.index(trial.step)]
        self._settle(trial.number, self._num_tasks * leg)

    def finished(self, trial: Trial) -> None:
        """A trial is not trained further; a stopped one was counted before, an untrained one is no longer expected."""
        if trial.state in (TrialState.FINISHED, TrialState.OVER_BUDGET) and trial.step == self._plan.rungs[-1]:
            self.reached_rung(trial)
            return
        self._settle(trial.number, 0)
        if trial.number not in self._entered:
            self._expected -= self._sampled
            self._entered.add(trial.number)

    def announced(self, num_runs: int, num_steps: int) -> None:
        """Further training runs, from their first step, will follow, instead of those that the plan expects."""
        self._expected += self._runs(num_runs, num_steps) - self._further.pop(num_steps, 0.0)

    def announced_larger(self, num_runs: int) -> None:
        """So many runs one size up will follow, instead of those that the plan expects."""
        self._expected += (num_runs - self._plan.num_larger_runs) * self._larger_work

    def trained_larger(self, number: int) -> None:
        """The run of a trial one size up has ended."""
        self._settle(number, self._larger_work)

    def trained_further(self, trial: Trial) -> None:
        """One of these runs has ended."""
        self._settle(trial.number, self._runs(1, trial.measurements[-1].step))

    def _runs(self, num_runs: int, num_steps: int) -> float:
        """The work of training runs from their first step: with fresh seeds to the last rung, or longer ones."""
        confirms = num_steps == self._plan.rungs[-1]
        one = self._plan.confirmation if confirms else num_steps + self._plan.scoring
        return self._num_tasks * num_runs * one

    def _settle(self, number: int, steps: float) -> None:
        for run in [run for run in self._first if run[0] == number]:
            del self._first[run], self._under_way[run]
        self._done += steps
