"""What the study knows of its trials, and what that means for each of them."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from nas.evaluation.measurement import Measurement, Outcome
from nas.search.asking import Answer, Suggestion
from nas.search.budget import excess_reason, excesses
from nas.search.objectives import objective_values
from nas.search.problem import Problem
from nas.search.proposal import Proposal
from nas.search.record import Trial, TrialState
from nas.search.settings import ConstraintSettings

_FAILED = {Outcome.DIVERGED: TrialState.DIVERGED, Outcome.OUT_OF_MEMORY: TrialState.OUT_OF_MEMORY}
_REASONS = {Outcome.DIVERGED: "the loss or a gradient was no longer finite", Outcome.OUT_OF_MEMORY: "out of memory"}


class Book:
    """All trials of a study, in the order of their numbers.

    Args:
        problem: what is searched.
        budgets: what a sampled pattern may cost.
    """

    def __init__(self, problem: Problem, budgets: ConstraintSettings) -> None:
        self._problem, self._budgets = problem, budgets
        self._trials: list[Trial] = []
        self._suggestions: list[Suggestion] = []
        self._first_with: dict[str, int] = {}

    def __getitem__(self, number: int) -> Trial:
        return self._trials[number]

    @property
    def trials(self) -> Sequence[Trial]:
        """All trials so far."""
        return self._trials

    def enter(self, proposal: Proposal) -> Trial:
        """A new trial: RUNNING if it must be trained, else what is known of it at once."""
        number = len(self._trials)
        trial = self._judged(
            Trial(
                number=number,
                state=TrialState.RUNNING,
                baseline=proposal.baseline,
                params=proposal.chosen,
                pattern=proposal.pattern,
                cost=self._problem.cost(proposal.pattern) if proposal.pattern else None,
                reason=proposal.flaw,
            )
        )
        self._trials.append(trial)
        self._suggestions.append(proposal.suggestion)
        return trial

    def settle(self, number: int, measurement: Measurement | None) -> Trial:
        """The final state of a trial, once its training (or that of its original) has ended."""
        trial = self._trials[number]
        if trial.duplicate_of is not None:
            original = self._trials[trial.duplicate_of]
            trial = replace(trial, measurements=original.measurements, values=original.values)
        elif measurement is not None:
            trial = self._measured(trial, (measurement,))
        self._trials[number] = trial
        return trial

    def add_measurement(self, number: int, measurement: Measurement) -> Trial:
        """The trial with one more seed."""
        trial = self._trials[number]
        trial = self._measured(trial, (*trial.measurements, measurement))
        self._trials[number] = trial
        return trial

    def answers(self, start: int) -> list[Answer]:
        """What the sampler is told of the trials from number `start` on."""
        return [self.answer(number) for number in range(start, len(self._trials))]

    def answer(self, number: int) -> Answer:
        """What the sampler is told of one trial: its first measurement, whatever came later.

        A trial that cannot stand on the front is told as complete with a broken constraint, at the
        task's chance level: samplers ignore failed trials and would suggest the same again.
        """
        trial, suggestion = self._trials[number], self._suggestions[number]
        if trial.duplicate_of is not None:
            original = self.answer(trial.duplicate_of)
            return Answer(suggestion, original.values, original.constraints)
        if trial.state is TrialState.RUNNING:
            return Answer(suggestion)
        first = trial.measurements[0].quality if trial.measurements else None
        cost = trial.cost or self._problem.full_cost
        values = objective_values(self._problem.objectives, self._problem.task.chance if first is None else first, cost)
        failed = first is None and trial.state is not TrialState.OVER_BUDGET
        constraints = excesses(cost, self._problem.full_cost, self._budgets) | {"trained": float(failed)}
        return Answer(suggestion, tuple(values.values()), constraints)

    def _judged(self, trial: Trial) -> Trial:
        if trial.pattern is None or trial.cost is None:
            return replace(trial, state=TrialState.IMPOSSIBLE)
        over = self._over_budget(trial)
        if over and trial.baseline is None:
            return replace(trial, state=TrialState.OVER_BUDGET, reason=over)
        first = self._first_with.setdefault(trial.pattern.id, trial.number)
        if first == trial.number:
            return trial
        reason = f"the same pattern as trial {first}"
        return replace(trial, state=TrialState.DUPLICATE, duplicate_of=first, reason=reason)

    def _measured(self, trial: Trial, measurements: tuple[Measurement, ...]) -> Trial:
        assert trial.cost is not None
        qualities = [measurement.quality for measurement in measurements if measurement.quality is not None]
        if not qualities:
            outcome = measurements[0].outcome
            return replace(trial, state=_FAILED[outcome], reason=_REASONS[outcome], measurements=measurements)
        over = self._over_budget(trial)
        return replace(
            trial,
            state=TrialState.OVER_BUDGET if over else TrialState.FINISHED,
            reason=over,
            measurements=measurements,
            values=objective_values(self._problem.objectives, fmean(qualities), trial.cost),
        )

    def _over_budget(self, trial: Trial) -> str:
        assert trial.cost is not None
        return excess_reason(excesses(trial.cost, self._problem.full_cost, self._budgets), self._budgets)
