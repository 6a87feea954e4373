"""What Optuna's database says of a study: a function of its folder, so that it can always be made again.

A trial is running until the search has decided on it: dashboards read a trial that has ended once and keep it, and one
that is stopped at a rung may still be promoted.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any

from optuna.distributions import json_to_distribution
from optuna.trial import FrozenTrial, create_trial
from optuna.trial import TrialState as OptunaState

from nas.files import damage_named
from nas.patterns.label import label
from nas.results.objective import Objective
from nas.results.proposal import Proposal, Suggestion
from nas.results.trial import Trial, TrialState
from nas.search.settings import ConstraintSettings
from nas.search.storage.study_folder import StudyFolder
from nas.search.storage.trial_rows import TrialRows, rows_of

_STATES = {
    TrialState.RUNNING: OptunaState.RUNNING,
    TrialState.STOPPED: OptunaState.PRUNED,
    TrialState.FINISHED: OptunaState.COMPLETE,
    TrialState.IMPOSSIBLE: OptunaState.PRUNED,
    TrialState.OVER_BUDGET: OptunaState.PRUNED,  # a baseline is trained all the same, and complete
    TrialState.DIVERGED: OptunaState.FAIL,
    TrialState.OUT_OF_MEMORY: OptunaState.FAIL,
    TrialState.FAILED: OptunaState.FAIL,
}


class OptunaView:
    """Reads the trials of a study as Optuna would show them.

    Args:
        folder: of the study.
        objectives: the axes of its front.
    """

    def __init__(self, folder: StudyFolder, objectives: tuple[Objective, ...]) -> None:
        self._folder, self._objectives = folder, objectives
        self._budgets: ConstraintSettings | None = None
        self._full_costs: Mapping[str, float] = {}
        self._seen: dict[int, tuple[Proposal, Trial | None, OptunaState, str]] = {}
        """The contents of the files that a trial was last shown from, its state then, and the digest of its rows."""

    def numbers(self) -> range:
        """The trials that were proposed."""
        return range(self._folder.num_proposals())

    def check(self) -> None:
        """Refuse to write down what the folder of another driver says (`StudyFolder`)."""
        self._folder.check()

    def has_ended(self) -> bool:
        """Whether the study has a front: what is stopped then stays stopped."""
        return self._folder.has_front()

    def rows(self, number: int, known: str | None = None) -> TrialRows | None:
        """One trial, as its files are now; None if it is not proposed, or if its rows have the digest that is given.

        Args:
            number: of the trial.
            known: the digest of what a database has of it; None for nothing.

        Raises:
            StudyError: a file is damaged.
        """
        proposal = self._folder.read_suggested(number)
        if proposal is None:
            return None
        written = self._folder.read_trial(number)
        trial = written or _entered(number, proposal)
        state = self._state(trial)
        if self._is_known(number, proposal, written, state, known):
            return None
        place = self._folder.trial_path(number)
        frozen = self._frozen(trial, proposal.suggestion, state)
        ended = _changed(place / "trial.json") if state.is_finished() else None
        rows = rows_of(frozen, _changed(place / "ask.json"), ended)
        digest = rows.digest
        if self._full_costs:  # until they are known, they may change how far a trial is over budgets
            self._seen[number] = (proposal, written, state, digest)
        return None if digest == known else rows

    def _is_known(
        self, number: int, proposal: Proposal, written: Trial | None, state: OptunaState, known: str | None
    ) -> bool:
        """Whether what is known was shown from the same files; one that has not changed gives the very same value."""
        seen = self._seen.get(number)
        return seen is not None and seen[0] is proposal and seen[1] is written and seen[2:] == (state, known)

    def _frozen(self, trial: Trial, suggestion: Suggestion, state: OptunaState) -> FrozenTrial:
        values = [trial.values[one.name] for one in self._objectives] if state is OptunaState.COMPLETE else None
        return create_trial(
            state=state,
            values=values,
            params=suggestion.params,
            distributions={name: json_to_distribution(text) for name, text in suggestion.distributions.items()},
            user_attrs=_about(trial),
            system_attrs=dict(suggestion.attributes),
            intermediate_values=_at_rungs(trial),
            constraints=self._constraints(trial),
        )

    def _state(self, trial: Trial) -> OptunaState:
        if trial.duplicate_of is not None:
            original = self._folder.read_trial(trial.duplicate_of)
            state = self._state(original) if original else OptunaState.RUNNING
            # The values of the original follow when it has them.
            return OptunaState.RUNNING if state is OptunaState.COMPLETE and not trial.values else state
        if trial.state is TrialState.OVER_BUDGET and trial.values:
            return OptunaState.COMPLETE
        if trial.state is TrialState.STOPPED and not self.has_ended():
            return OptunaState.RUNNING
        return _STATES[trial.state]

    def _constraints(self, trial: Trial) -> dict[str, float]:
        """How far it is over each budget, and whether it could not be trained: broken above 0."""
        if trial.state is TrialState.RUNNING:
            return {}
        failed = not trial.scores and trial.state is not TrialState.OVER_BUDGET
        return self._excesses(trial.costs) | {"trained": float(failed)}

    def _excesses(self, costs: Mapping[str, float]) -> dict[str, float]:
        if self._budgets is None:
            settings = self._folder.settings_document() or {}
            with damage_named(self._folder.config):
                self._budgets = ConstraintSettings(**settings.get("constraints", {}))
        if not self._full_costs:
            first = self._folder.read_trial(0)  # full attention is the first baseline
            self._full_costs = first.costs if first else {}
        known = {name: cost for name, cost in costs.items() if name in self._full_costs}
        return self._budgets.excesses(known, self._full_costs)


def _entered(number: int, proposal: Proposal) -> Trial:
    """A trial that is only proposed; what its pattern is on the target is written down with its first score."""
    return Trial(
        number=number, state=TrialState.RUNNING, baseline=proposal.baseline, pattern=None, cost=None, measurements=()
    )


def _about(trial: Trial) -> dict[str, Any]:
    """What a dashboard lists next to the values."""
    return {
        "state": trial.state.value,
        "baseline": trial.baseline,
        "reason": trial.reason,
        "step": trial.step,
        "pattern": label(trial.pattern) if trial.pattern else None,
        "pattern_id": trial.pattern.id if trial.pattern else None,
        "scores": dict(sorted(trial.scores.items())),  # as its file has them
    }


def _at_rungs(trial: Trial) -> dict[int, float]:
    """The measured quality at every rung, on the first task: the mean over the seeds that finished."""
    by_step: dict[int, list[float]] = {}
    for one in trial.measurements:
        if one.quality is not None and one.task == trial.measurements[0].task:
            by_step.setdefault(one.step, []).append(one.quality)
    return {step: fmean(qualities) for step, qualities in sorted(by_step.items())}


def _changed(path: Path) -> datetime | None:
    """When a file was last written, in UTC without a zone."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
    except FileNotFoundError:
        return None
