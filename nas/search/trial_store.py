"""The store of all trials of a study: their measurements, and the states, scores and values that follow from them."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b

from msgspec.structs import replace

from nas.results.measurement import Measurement, Outcome
from nas.results.objective import cost_values
from nas.results.profile import Profile
from nas.results.proposal import Proposal, Suggestion
from nas.results.trial import Trial, TrialState
from nas.search.problem.problem import Problem
from nas.search.scoring.objectives import values_by_trial
from nas.search.scoring.scores import mean_scores, scores_by_seed
from nas.search.settings import ConstraintSettings

_FAILED = {
    Outcome.DIVERGED: TrialState.DIVERGED,
    Outcome.OUT_OF_MEMORY: TrialState.OUT_OF_MEMORY,
    Outcome.FAILED: TrialState.FAILED,
}
_REASONS = {Outcome.DIVERGED: "the loss or a gradient was no longer finite", Outcome.OUT_OF_MEMORY: "out of memory"}


EXACT = 256
"""While a study has fewer trials and fewer advances than this, every decision is made from all that is known."""


class TrialStore:
    """All trials of a study, in the order of their numbers.

    Args:
        problem: what is searched.
        budgets: limits on the cost of a sampled pattern.
        rungs: where scores are taken, in optimiser steps, ascending.
    """

    def __init__(self, problem: Problem, budgets: ConstraintSettings, rungs: Sequence[int]) -> None:
        self._problem, self._budgets, self._rungs = problem, budgets, tuple(rungs)
        self._trials: list[Trial] = []
        self._suggestions: list[Suggestion] = []
        self._first_with: dict[str, int] = {}
        self._duplicates: dict[int, list[int]] = {}
        self._running: dict[int, None] = {}  # a set in order
        self._first_scores: dict[int, dict[int, dict[str, float]]] = {rung: {} for rung in rungs}
        self._first_values: dict[int, dict[int, dict[str, float]]] = {rung: {} for rung in rungs}
        self._has_ranks = any(len(goal.scores) > 1 for goal in problem.objectives)
        self._num_advances = self._caught_up = 0
        self._past = blake2b(digest_size=16)
        self._full_costs = cost_values(problem.full_cost)
        self.num_profiles = 0
        """How many trials were measured on the device; forecasts of what others take stay valid until this changes."""

    def __getitem__(self, number: int) -> Trial:
        return self._trials[number]

    @property
    def trials(self) -> Sequence[Trial]:
        """All trials so far."""
        return self._trials

    @property
    def full_costs(self) -> Mapping[str, float]:
        """What full attention costs, by name of the objective; measured once its baseline was."""
        return self._full_costs

    @property
    def running(self) -> list[Trial]:
        """The trials that have no score yet and may get one, in order."""
        return [self._trials[number] for number in self._running]

    @property
    def reading(self) -> int:
        """What the trials were last read at for forecasts and samplers, as a number of advances.

        An advance is a trial at its next rung, or measured on the device. What takes time in proportion to a study,
        such as fitting models to it, is done once per reading: at every advance up to EXACT, at every 2nd up to twice
        as many, at every 4th up to four times as many, and so on. So all readings together take time in proportion to
        the study too.
        """
        step = max(1, (1 << self._num_advances.bit_length()) // EXACT)
        return max(self._num_advances - self._num_advances % step, self._caught_up)

    @property
    def digest(self) -> str:
        """Hash of everything by which a search decides that was entered so far, in its order."""
        return self._past.hexdigest()

    def catch_up(self) -> bool:
        """Read the trials now; False if they were read at the last advance."""
        behind = self.reading < self._num_advances
        self._caught_up = self._num_advances
        return behind

    def suggestion(self, number: int) -> Suggestion:
        """What the sampler suggested for a trial."""
        return self._suggestions[number]

    def enter(self, proposal: Proposal) -> Trial:
        """A new trial: RUNNING if it must be trained, else in the state that is known without training."""
        number = len(self._trials)
        meant = self._problem.meant(proposal.pattern, proposal.baseline) if proposal.pattern else None
        trial = self._judged(
            Trial(
                number=number,
                state=TrialState.RUNNING,
                baseline=proposal.baseline,
                params=proposal.chosen,
                pattern=meant,
                proxy_pattern=proposal.pattern if meant != proposal.pattern else None,
                cost=self._problem.cost_of(meant) if meant else None,
                predicted=self._problem.predicted(proposal.pattern) if proposal.pattern else None,
                reason=proposal.failure or proposal.flaw,
                measurements=(),
            ),
            proposal,
        )
        self._trials.append(trial)
        self._suggestions.append(proposal.suggestion)
        if trial.state is TrialState.RUNNING:
            self._running[number] = None
        if trial.duplicate_of is not None:
            self._duplicates.setdefault(trial.duplicate_of, []).append(number)
            self._copy_original(number)
        pattern = trial.trained_pattern
        self._entered(number, trial.state, trial.baseline, pattern and pattern.id_in_order, trial.costs)
        return self._trials[number]

    def add_profile(self, number: int, profile: Profile) -> Trial:
        """The trial with what it takes on the device; no longer RUNNING if that is over a budget."""
        self._num_advances += 1
        self.num_profiles += 1
        trial = self._trials[number] = replace(self._trials[number], profile=profile)
        if trial.baseline == "full":
            self._full_costs = trial.costs
        over = self._over_budget(trial)
        if over and trial.baseline is None:
            self._running.pop(number, None)
            self._trials[number] = replace(trial, state=TrialState.OVER_BUDGET, reason=over)
        for duplicate in self._duplicates.get(number, ()):
            self._copy_original(duplicate)
        self._entered(number, self._trials[number].state, trial.costs)
        return self._trials[number]

    def fail_profile(self, number: int, outcome: Outcome, reason: str) -> Trial:
        """The trial after it could not be measured on the device."""
        self._num_advances += 1
        self._running.pop(number, None)
        state, why = _FAILED[outcome], reason or _REASONS[outcome]
        self._trials[number] = replace(self._trials[number], state=state, reason=why)
        self._entered(number, state)
        return self._trials[number]

    def advance(self, number: int, step: int, measurements: Sequence[Measurement]) -> Trial:
        """The trial at its next rung, with the measurements of the search's own seed there, one per task."""
        self._num_advances += 1
        self._running.pop(number, None)
        trial = self._trials[number]
        measured = replace(trial, step=step, measurements=(*trial.measurements, *measurements))
        by_seed = scores_by_seed(measured.measurements, self._problem.scores, step)
        if by_seed:
            self._first_scores[step][number] = mean_scores(by_seed)
            self._trials[number] = self._placed(measured)
        else:
            self._trials[number] = self._failed(measured, measurements)
        self._value(number)
        self._entered(number, step, self._trials[number].state, self._trials[number].scores)
        return self._trials[number]

    def add_measurements(self, number: int, measurements: Sequence[Measurement]) -> Trial:
        """The trial with further seeds or longer training runs, on every task."""
        trial = self._trials[number]
        self._trials[number] = self._placed(replace(trial, measurements=(*trial.measurements, *measurements)))
        self._value(number)
        return self._trials[number]

    def rung_scores(self, rung: int) -> dict[int, dict[str, float]]:
        """Scores, by trial and name, of all trials that reached a rung, with the search's own seed only."""
        return self._first_scores[rung]

    def rung_values(self, rung: int) -> dict[int, dict[str, float]]:
        """Goal values, by trial and name, of all trials that reached a rung, with the search's own seed only."""
        scores, known = self._first_scores[rung], self._first_values[rung]
        lacking = [number for number in scores if number not in known]
        if lacking:
            known.update(self._values_of(scores if self._has_ranks else {one: scores[one] for one in lacking}))
        return known

    def excesses(self, costs: Mapping[str, float]) -> dict[str, float]:
        """How far costs, by name of the objective, exceed each budget that is set; 0 or less where they do not."""
        return self._budgets.excesses(costs, self._full_costs)

    def keeps_budgets(self, costs: Mapping[str, float]) -> bool:
        """Whether costs are within every budget."""
        return all(excess <= 0 for excess in self.excesses(costs).values())

    def _entered(self, *what: object) -> None:
        self._past.update(repr(what).encode())

    def _judged(self, trial: Trial, proposal: Proposal) -> Trial:
        if trial.trained_pattern is None or trial.cost is None:
            return replace(trial, state=TrialState.FAILED if proposal.failure else TrialState.IMPOSSIBLE)
        over = self._over_budget(trial)
        if over and trial.baseline is None:
            return replace(trial, state=TrialState.OVER_BUDGET, reason=over)
        first = self._first_with.setdefault(self._problem.shape.identity(trial.trained_pattern), trial.number)
        if first == trial.number:
            return trial
        reason = f"the same pattern as trial {first}"
        return replace(trial, state=TrialState.DUPLICATE, duplicate_of=first, reason=reason)

    def _failed(self, trial: Trial, measurements: Sequence[Measurement]) -> Trial:
        failure = next(measurement for measurement in measurements if measurement.quality is None)
        reason = (failure.reason or _REASONS[failure.outcome]) + (
            f" on {failure.task}" if len(self._problem.tasks) > 1 else ""
        )
        return replace(trial, state=_FAILED[failure.outcome], reason=reason, scores={}, values={})

    def _placed(self, trial: Trial) -> Trial:
        """The state and scores that follow from a trial's measurements at its highest rung."""
        over = self._over_budget(trial)
        by_seed = scores_by_seed(trial.measurements, self._problem.scores, trial.step)
        if trial.step < self._rungs[-1]:
            state = TrialState.STOPPED
        else:
            state = TrialState.OVER_BUDGET if over else TrialState.FINISHED
        return replace(trial, state=state, reason=over, scores=mean_scores(by_seed))

    def _value(self, changed: int) -> None:
        """The values of a trial, and of the others where these are ranks among those that reached the same rung."""
        own = [one for one in self._affected(changed) if one.scores and one.duplicate_of is None]
        for rung in self._rungs:
            here = {trial.number: trial for trial in own if trial.step == rung}
            for number, values in self._values_of({number: trial.scores for number, trial in here.items()}).items():
                self._trials[number] = replace(here[number], values=values)
        for original in self._affected(changed):
            for number in self._duplicates.get(original.number, ()):
                self._copy_original(number)

    def _affected(self, changed: int) -> Sequence[Trial]:
        return tuple(self._trials) if self._has_ranks else (self._trials[changed],)

    def _values_of(self, scores: Mapping[int, Mapping[str, float]]) -> dict[int, dict[str, float]]:
        costs = {number: self._trials[number].costs for number in scores}
        return values_by_trial(self._problem.objectives, scores, costs)

    def _copy_original(self, number: int) -> None:
        trial = self._trials[number]
        assert trial.duplicate_of is not None
        original = self._trials[trial.duplicate_of]
        self._trials[number] = replace(
            trial,
            profile=original.profile,
            step=original.step,
            measurements=original.measurements,
            scores=original.scores,
            values=original.values,
        )

    def _over_budget(self, trial: Trial) -> str:
        return self._budgets.excess_reason(self.excesses(trial.costs))
