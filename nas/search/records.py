"""The record of every trial: written to the storage, passed to observers."""

from collections.abc import Sequence

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
        self._written = {trial.number: trial for trial in storage.trials()}

    def begin(self, trial: Trial) -> None:
        """Report a trial that will be trained, unless a resumed study finds that it was."""
        if trial.number not in self._known:
            self._observers.trial_started(trial)

    def conclude(self, trial: Trial) -> None:
        """Write down a trial that the search will not train further, and report it."""
        if trial.number in self._concluded:
            return
        self._concluded.add(trial.number)
        self.keep(trial)
        if trial.number not in self._known:
            self._observers.trial_finished(trial)

    def keep(self, trial: Trial) -> None:
        """Write a trial, unless its record says that already, or is ahead of a study that is only catching up."""
        if not _begins_with(self._written.get(trial.number), trial):
            self._write(trial)

    def settle(self, trials: Sequence[Trial]) -> None:
        """Write the trials of a study that ends, where their records say anything else."""
        for trial in trials:
            if self._written.get(trial.number) != trial:
                self._write(trial)

    def _write(self, trial: Trial) -> None:
        self._storage.write_trial(trial)
        self._written[trial.number] = trial


def _begins_with(record: Trial | None, trial: Trial) -> bool:
    """Whether a record has all the measurements of a trial, or is equal to it."""
    if record is None or record.pattern != trial.pattern:
        return False
    known = record.measurements[: len(trial.measurements)]
    return record == trial or (len(record.measurements) > len(known) and known == trial.measurements)
