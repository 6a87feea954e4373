"""Optuna's SQLite file, for dashboards: a view of the trial folders, which are the source of truth."""

import logging
import os
import sqlite3
import stat
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from urllib.parse import quote

import optuna
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial

from nas.files import replacing
from nas.search.storage.trial_rows import TrialRows, insert, read_rows, rows_of
from nas.statistics.ranks import Direction

_LOG = logging.getLogger(__name__)

_LONGEST_WAIT = 1.0
"""Seconds for another process to release the file."""

_SIDECARS = ("-journal", "-wal", "-shm")
"""What SQLite writes next to a database, and takes for a part of it."""

_SCHEMA = ("SELECT sql FROM sqlite_master", "SELECT schema_version, library_version FROM version_info")
"""What is read from a file must be what a new one has; the second only then, as it could be a view without an end."""


class StudyDatabase:
    """Ended trials in Optuna's own format, each written in one transaction.

    The study does not need this file, so no failure reaches it: the first is logged in one line, and the file is left
    alone until `finish`. A file that is not what Optuna would have written, or whose trials turn out to be others, is
    replaced by one that was built in memory. So links are not followed, and a process that has the old file open keeps
    it.

    Args:
        path: the SQLite file; created if missing.
        name: the study's name in a new file. In an older one it may differ, as the folder may have been renamed.
        directions: minimize or maximize, one per objective.
    """

    def __init__(self, path: Path, name: str, directions: Sequence[Direction]) -> None:
        self._path, self._name, self._directions = path, name, list(directions)
        self._trials: list[FrozenTrial] = []
        self._in_file: list[TrialRows] = []
        self._connection: sqlite3.Connection | None = None
        self._failed = False
        self._attempt(self._start)

    def append(self, trial: FrozenTrial) -> None:
        """Add the next ended trial, unless an earlier run of the study did."""
        self._trials.append(trial)
        if not self._failed:
            self._attempt(self._write_last)

    def finish(self) -> None:
        """Make the file hold the trials that were added, whatever happened before; nothing can be added afterwards."""
        if self._failed or len(self._in_file) > len(self._trials):
            self._attempt(self._rebuild)
        self._close()

    def _attempt(self, write: Callable[[], None]) -> None:
        try:
            write()
        except Exception as error:  # whatever it is, the study continues
            self._close()
            if not self._failed:
                self._failed = True
                remedy = "The study continues without it, and writes it anew when it ends or is resumed."
                _LOG.warning(
                    "%s: Optuna's view of the study cannot be written (%s). %s", self._path, _why(error), remedy
                )

    def _start(self) -> None:
        try:
            _check_continuable(self._path)
            self._open()
        except Exception:  # missing, damaged, of another version, not ours, or in use
            self._close()
            self._rebuild()

    def _open(self) -> None:
        self._connection = sqlite3.connect(self._path, timeout=_LONGEST_WAIT)
        directions = self._connection.execute("SELECT direction FROM study_directions ORDER BY objective").fetchall()
        studies = self._connection.execute("SELECT study_id FROM studies").fetchall()
        if len(studies) != 1 or [direction.lower() for (direction,) in directions] != self._directions:
            raise ValueError("another study")
        self._in_file = read_rows(self._connection)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _write_last(self) -> None:
        assert self._connection is not None
        trial, number = self._trials[-1], len(self._trials) - 1
        if number >= len(self._in_file):
            insert(self._connection, [trial], number)
            self._in_file.append(rows_of(trial))
        elif rows_of(trial) != self._in_file[number]:  # ended trials cannot be changed
            self._rebuild()

    def _rebuild(self) -> None:
        """Replace the file by one with all trials so far."""
        content = _database(self._name, self._directions, self._trials)
        self._close()
        for suffix in _SIDECARS:  # left by a killed process or planted; SQLite would apply them to the new file
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        with replacing(self._path) as file:
            file.write(content)
        self._open()


def _check_continuable(path: Path) -> None:
    """Refuse a file that Optuna would not have written like this; it is not locked, waited for, or changed.

    A file of a stranger may define views or triggers that run when Optuna reads and writes its tables, so its schema
    must be that of a new database.

    Raises:
        Exception: of any kind.
    """
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        raise ValueError("a link")
    if any(os.path.lexists(f"{path}{suffix}") for suffix in _SIDECARS):
        raise ValueError("a transaction was cut short")
    with closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1", uri=True)) as file:
        check_schema(file)


def check_schema(connection: sqlite3.Connection) -> None:
    """Refuse a database whose tables, views or triggers are not those of a new one.

    Raises:
        ValueError: they are not.
    """
    for query in _SCHEMA:
        if set(connection.execute(query)) != _in_a_new_one(query):
            raise ValueError("another schema")


@cache
def _in_a_new_one(query: str) -> set[tuple[object, ...]]:
    with closing(sqlite3.connect(":memory:")) as new:
        new.deserialize(_database("new", ["minimize"], []))
        return set(new.execute(query))


def _database(name: str, directions: Sequence[Direction], trials: Sequence[FrozenTrial]) -> bytes:
    """The content of a database file with these trials."""
    storage = RDBStorage("sqlite://")  # in memory
    optuna.create_study(study_name=name, storage=storage, directions=list(directions))
    with closing(storage.engine.raw_connection()) as connection:
        assert isinstance(connection.driver_connection, sqlite3.Connection)
        insert(connection.driver_connection, trials, 0)
        content = connection.driver_connection.serialize()
    storage.remove_session()
    storage.engine.dispose()
    return content


def _why(error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error.__cause__ or error)
    return " ".join(reason.split())
