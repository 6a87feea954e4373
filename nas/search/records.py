"""The record of every trial: kept in the storage, told to observers, followed by Optuna's database."""

from nas.results.trial import Trial
from nas.search.observers import Observers
from nas.search.samplers.history import History
from nas.search.storage.database import StudyDatabase
from nas.search.storage.protocol import StudyStorage


class Records:
    """Writes down what becomes of trials, each change once.

    Args:
        storage: where records are kept.
        observers: who is told.
        database: follows the records, for dashboards; None for none.
        history: gives trials the form that the database keeps.
        known: numbers of the trials that a resumed study had finished; observers heard of them already.
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
        """The search will not train this trial further."""
        if trial.number in self._concluded:
            return
        self._concluded.add(trial.number)
        self.keep(trial)
        if trial.number not in self._known:
            self._observers.trial_finished(trial)
        while self._database and self._num_in_database in self._concluded:  # in the order of their numbers
            self._database.append(self._num_in_database, self._history.frozen(self._num_in_database))
            self._num_in_database += 1

    def keep(self, trial: Trial) -> None:
        """Write a trial, unless that is what stands there."""
        if self._written.get(trial.number) != trial:
            self._storage.write_trial(trial)
            self._written[trial.number] = trial
