"""The record of every trial: written to the storage, passed to observers."""

from nas.results.trial import Trial
from nas.search.observers import Observers
from nas.search.storage.protocol import StudyStorage


class Records:
    """Writes down each change of a trial once.

    Args:
        storage: where records are kept.
        observers: called when a trial is concluded.
        known: numbers of the trials that a resumed study had finished; observers were given these at its start.
    """

    def __init__(self, storage: StudyStorage, observers: Observers, known: frozenset[int]) -> None:
        self._storage, self._observers, self._known = storage, observers, known
        self._concluded: set[int] = set()
        self._written: dict[int, Trial] = {}

    def conclude(self, trial: Trial) -> None:
        """Write down a trial that the search will not train further, and report it."""
        if trial.number in self._concluded:
            return
        self._concluded.add(trial.number)
        self.keep(trial)
        if trial.number not in self._known:
            self._observers.trial_finished(trial)

    def keep(self, trial: Trial) -> None:
        """Write a trial, unless it is unchanged since it was last written."""
        if self._written.get(trial.number) != trial:
            self._storage.write_trial(trial)
            self._written[trial.number] = trial
