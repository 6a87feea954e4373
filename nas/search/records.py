"""The record of every trial: written to the storage, passed to observers, mirrored in Optuna's database."""

from nas.results.trial import Trial
from nas.search.observers import Observers
from nas.search.samplers.history import History
from nas.search.storage.database import StudyDatabase
from nas.search.storage.protocol import StudyStorage


class Records:
    """Writes down each change of a trial once.

    Args:
        storage: where records are kept.
        observers: called when a trial is concluded.
        database: mirrors the records, for dashboards; None for no mirror.
        history: gives trials the form that the database keeps.
        known: numbers of the trials that a resumed study had finished; observers were given these at its start.
    """

    def __init__(
        self,
        storage: StudyStorage,
        observers: Observers,
        database: StudyDatabase | None,
        history: History,
        known: frozenset[int],
    ) -> None:
        self._storage, self._observers, self._database = storage, observers, database
        self._history, self._known = history, known
        self._concluded: set[int] = set()
        self._written: dict[int, Trial] = {}
        self._num_in_database = 0

    def conclude(self, trial: Trial) -> None:
        """Write down a trial that the search will not train further, and report it."""
        if trial.number in self._concluded:
            return
        self._concluded.add(trial.number)
        self.keep(trial)
        if trial.number not in self._known:
            self._observers.trial_finished(trial)
        while self._database and self._num_in_database in self._concluded:  # in the order of their numbers
            self._database.append(self._history.frozen(self._num_in_database))
            self._num_in_database += 1

    def finish(self) -> None:
        """The study has ended: the database gets what it lacks."""
        if self._database:
            self._database.finish()

    def keep(self, trial: Trial) -> None:
        """Write a trial, unless it is unchanged since it was last written."""
        if self._written.get(trial.number) != trial:
            self._storage.write_trial(trial)
            self._written[trial.number] = trial
