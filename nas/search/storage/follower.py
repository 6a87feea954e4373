"""A database that follows a study: an observer that the search never waits for."""

import logging
from collections.abc import Iterable, Sequence
from threading import Condition, Thread

import optuna
from sqlalchemy import URL

from nas.errors import NasError, StudyError
from nas.results.front import Front
from nas.results.identity import StudyIdentity, keep_identity, read_identity
from nas.results.observer import Observer, StudyInfo, StudyPlan
from nas.results.trial import Trial
from nas.search.database_url import check_storage, find_database, without_secrets
from nas.search.storage.database import StudyDatabase
from nas.search.storage.optuna_view import OptunaView
from nas.search.storage.study_folder import StudyFolder

_LOG = logging.getLogger(__name__)

SECONDS_BETWEEN = 0.5
"""Least time between two writings of a running study: changes of one moment are written together."""

LONGEST_PAUSE = 30.0
"""Most time until a database that is away is tried again, in seconds; it starts at SECONDS_BETWEEN and doubles."""

PATIENCE = 10.0
"""Longest time that the end of a study waits for its database, in seconds."""


class DatabaseFollower(Observer):
    """Keeps a database as the study's folder is, in a thread of its own.

    Events only say which trials to look at; what is written is read from the folder, and what the database has already
    is left alone. So it does not matter what was missed: when the database is back, or when another process resumes the
    study, whatever differs is written. A failure is one line in the log, the first time.

    Args:
        view: what the folder says.
        database: where to write it.
        study: how a user names the study, for the message.
    """

    def __init__(self, view: OptunaView, database: StudyDatabase, study: str) -> None:
        self._view, self._database, self._study = view, database, study
        self._condition = Condition()
        self._changed: set[int] = set()
        self._everything = self._closing = self._warned = False
        self._in_database: dict[int, str] | None = None
        self._thread = Thread(target=self._follow, name="database", daemon=True)

    def study_started(self, info: StudyInfo, plan: StudyPlan, known: tuple[Trial, ...]) -> None:
        """See `Observer`."""
        self._thread.start()
        self._look_at(everything=True)

    def trial_started(self, trial: Trial) -> None:
        """See `Observer`."""
        self._look_at([trial.number])

    def trial_advanced(self, trial: Trial) -> None:
        """See `Observer`."""
        self._look_at([trial.number])

    def trial_finished(self, trial: Trial) -> None:
        """See `Observer`."""
        self._look_at([trial.number])

    def trial_confirmed(self, trial: Trial) -> None:
        """See `Observer`."""
        self._look_at([trial.number])

    def study_finished(self, trials: tuple[Trial, ...], front: Front) -> None:
        """See `Observer`."""
        self._look_at(everything=True)

    def close(self) -> None:
        """Write what is left, for PATIENCE seconds at most; nothing is followed afterwards."""
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        if self._thread.ident is not None:
            self._thread.join(PATIENCE)
            if self._thread.is_alive():
                self._warn("it takes its time")

    def catch_up(self) -> None:
        """Make the database what the folder is, now.

        Raises:
            Exception: of any kind.
        """
        self._in_database = None
        self._view.check()
        found = self._database.open()
        self._write(self._view.numbers(), found)
        numbers = self._view.numbers()
        if self._view.has_ended() and any(number not in numbers for number in found):
            self._database.forget_from(len(numbers))
        self._in_database = found

    def start_over(self) -> None:
        """As `catch_up`; a file of the study's own that cannot be written is replaced.

        Raises:
            Exception: of any kind.
        """
        try:
            self.catch_up()
        except NasError:  # of the folder
            raise
        except Exception:
            if not self._database.start_over():
                raise
            self.catch_up()

    def _look_at(self, numbers: Iterable[int] = (), everything: bool = False) -> None:
        with self._condition:
            self._changed.update(numbers)
            self._everything |= everything
            self._condition.notify_all()

    def _follow(self) -> None:
        pause, closing = SECONDS_BETWEEN, False
        while not closing:
            with self._condition:
                self._condition.wait_for(lambda: self._changed or self._everything or self._closing)
                closing, everything, numbers = self._closing, self._everything, sorted(self._changed)
                self._changed, self._everything = set(), False
            try:
                self._update(numbers, everything, closing)
                pause = SECONDS_BETWEEN
            except Exception as error:  # whatever it is, the search goes on
                self._warn(why(error, self._database))
                self._look_at(everything=True)
                pause = min(2 * pause, LONGEST_PAUSE)
            with self._condition:
                self._condition.wait_for(lambda: self._closing, pause)
        self._database.close()

    def _update(self, numbers: Sequence[int], everything: bool, closing: bool) -> None:
        if self._in_database is not None and not everything:
            try:
                return self._write(numbers, self._in_database)
            except Exception:
                self._in_database = None
                if not closing:
                    raise
        (self.start_over if closing else self.catch_up)()

    def _write(self, numbers: Iterable[int], in_database: dict[int, str]) -> None:
        """Write the trials that differ from what the database holds."""
        wanted = ((number, self._view.rows(number, in_database.get(number))) for number in numbers)
        changed = {number: rows for number, rows in wanted if rows is not None}
        if changed:
            self._view.check()
            self._database.write(changed)
            in_database.update((number, rows.digest) for number, rows in changed.items())

    def _warn(self, reason: str) -> None:
        if not self._warned:
            self._warned = True
            _LOG.warning(
                "%s: trials cannot be written there (%s). The search continues, and they follow when they can; after "
                "it, nas sync %s writes what is missing.",
                self._database.place,
                reason,
                self._study,
            )


def why(error: Exception, database: StudyDatabase) -> str:
    """What went wrong, in one line without passwords."""
    reason = getattr(error, "strerror", None) or str(getattr(error, "orig", None) or error.__cause__ or error)
    return without_secrets(reason or type(error).__name__, database.url)


def follow(folder: StudyFolder, identity: StudyIdentity, url: URL | None) -> DatabaseFollower:
    """What follows a study in a database.

    Args:
        folder: of the study.
        identity: as kept in it.
        url: of a team's database; None for the file in the folder.
    """
    database = StudyDatabase(url, folder.database, identity, folder.path.name)
    return DatabaseFollower(OptunaView(folder, identity.objectives), database, str(folder.path))


def sync_study(folder: StudyFolder, storage: str | None) -> tuple[int, str]:
    """Make a database what the folder of a study is; the caller holds its lock.

    Args:
        folder: of the study.
        storage: as in its settings; None for NAS_STORAGE, or else the file in the folder.

    Returns:
        how many trials it has, and where they are.

    Raises:
        InputError: the storage cannot be used.
        StudyError: the study is damaged or has not begun, or the database cannot be written.
    """
    if storage is not None:
        check_storage(storage)
    url = find_database(storage)
    identity = read_identity(folder) or keep_identity(folder, folder.front().objectives)
    database = StudyDatabase(url, folder.database, identity, folder.path.name)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    view = OptunaView(folder, identity.objectives)
    try:
        DatabaseFollower(view, database, str(folder.path)).start_over()
    except NasError:
        raise
    except Exception as error:
        remedy = "Try again when it can be reached; the study folder has all trials."
        raise StudyError(f"storage: {database.place} cannot be written ({why(error, database)}). {remedy}") from None
    finally:
        database.close()
    return len(view.numbers()), database.place
