"""The proposer of trials: read from the storage, where a resumed study has them, or sampled and kept there.

A stored proposal must be what the space makes today of the values that were suggested: a space or a folder that was
edited since would credit one pattern with the results of another.
"""

from collections.abc import Callable, Sequence

from optuna import Trial
from optuna.distributions import distribution_to_json

from nas.errors import NasError, PatternError, StudyError, first_line, last_lines
from nas.patterns.model import ModelPattern
from nas.results.proposal import Proposal, Suggestion
from nas.search.problem.problem import Problem
from nas.search.samplers.ask import Asker
from nas.search.samplers.candidates import CandidateSuggester
from nas.search.samplers.observation import Observation
from nas.search.samplers.optuna_trial import TrialSuggester, suggestion_of
from nas.search.storage.protocol import StudyStorage


class Proposer:
    """Proposes the trials of a study, each once.

    Args:
        problem: what is searched.
        storage: where proposals are kept.
        asker: asks the sampler.
    """

    def __init__(self, problem: Problem, storage: StudyStorage, asker: Asker) -> None:
        self._problem, self._storage, self._asker = problem, storage, asker

    def baseline(self, number: int, name: str, pattern: ModelPattern) -> Proposal:
        """A baseline as a trial.

        Raises:
            StudyError: the trial was something else when the study was started.
        """
        proposal = Proposal(suggestion=Suggestion(), pattern=pattern, flaw="", baseline=name)
        stored = self._storage.read_proposal(number)
        if stored is None:
            self._storage.write_proposal(number, proposal)
        elif stored != proposal:
            raise self._changed(number, f"must be the baseline {name} as the space has it, got {_named(stored)}")
        return proposal

    def sampled(self, number: int, known: Callable[[], tuple[Sequence[Observation], int]]) -> Proposal:
        """A sampled pattern as a trial.

        Args:
            number: of the trial.
            known: gives the trials before it, and of how many of them the sampler makes its models; see `History.all`.
                Called only if it must be sampled.

        Raises:
            StudyError: the space does not make the stored pattern of the stored values.
        """
        stored = self._storage.read_proposal(number)
        if stored is not None:
            self._check(number, stored)
            return stored
        observations, num_read = known()
        first = len(self._problem.baselines)
        proposal = self._sample(number, self._asker.ask(observations[first:], observations[:first], num_read - first))
        self._storage.write_proposal(number, proposal)
        return proposal

    def _sample(self, number: int, trial: Trial) -> Proposal:
        suggester = TrialSuggester(trial)
        pattern, flaw, failure = None, "", ""
        try:
            sampled = self._problem.sample(suggester)
            self._problem.try_out(sampled)
            pattern = sampled
        except PatternError as error:
            flaw = str(error)
        except Exception as error:
            failure = first_line(error)
            self._storage.write_failure(number, last_lines(error))
        return Proposal(
            suggestion=suggestion_of(trial), pattern=pattern, chosen=suggester.chosen, flaw=flaw, failure=failure
        )

    def _check(self, number: int, stored: Proposal) -> None:
        """Sample a stored proposal again, from the values that were suggested then."""
        if stored.baseline is not None:
            raise self._changed(number, f"must be a sampled pattern, got {_named(stored)}")
        suggestion, pattern = stored.suggestion, None
        suggester = CandidateSuggester(0, suggestion.params, ())
        try:
            pattern = self._problem.sample(suggester)
        except NasError as error:
            if not (isinstance(error, PatternError) and stored.flaw):
                raise self._changed(number, f"must be sampled as before, got {first_line(error)}") from None
        asked = {name: distribution_to_json(parameter) for name, parameter in suggester.parameters.items()}
        now, then = (asked, suggester.params), (suggestion.distributions, suggestion.params)
        names = sorted({name for part in (*now, *then) for name in part})
        others = [name for name in names if [one.get(name) for one in now] != [one.get(name) for one in then]]
        if others:
            wanted = f"must be asked for the parameters {sorted(suggestion.distributions)} with the same options"
            raise self._changed(number, f"{wanted}, got others for {', '.join(others)}")
        if pattern != stored.pattern:
            came, made = _named(stored), pattern.id if pattern else "no valid one"
            raise self._changed(number, f"must have the pattern that the space makes of its values, {made}, got {came}")

    def _changed(self, number: int, what: str) -> StudyError:
        return StudyError(
            f"{self._storage.trial_path(number)}: {what}. The space or this folder has changed since the trial was "
            "proposed. Put it back, or choose another study=NAME."
        )


def _named(proposal: Proposal) -> str:
    if proposal.baseline is not None:
        return f"the baseline {proposal.baseline}"
    return f"pattern {proposal.pattern.id}" if proposal.pattern else "no valid pattern"
