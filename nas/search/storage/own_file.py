"""A study's own SQLite file, for dashboards. Its folder may come from a stranger, so the file is not trusted."""

import os
import sqlite3
import stat
from contextlib import closing
from functools import cache
from pathlib import Path
from urllib.parse import quote

from optuna.storages import RDBStorage

from nas.files import replacing

_SIDECARS = ("-journal", "-wal", "-shm")
"""What SQLite writes next to a database, and takes for a part of it."""

_SCHEMA = ("SELECT sql FROM sqlite_master", "SELECT schema_version, library_version FROM version_info")
"""What is read from a file must be what a new one has; the second only then, as it could be a view without an end."""


def is_continuable(path: Path) -> bool:
    """Whether Optuna would have written the file like this; it is not locked, waited for, or changed.

    A file of a stranger may define views or triggers that run when its tables are read and written, so its schema must
    be that of a new database. A link is none, and neither is a file whose last transaction was cut short.
    """
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            return False
        if any(os.path.lexists(f"{path}{suffix}") for suffix in _SIDECARS):
            return False
        with closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1", uri=True)) as file:
            return has_known_schema(file)
    except Exception:  # missing, damaged, or of another version
        return False


def has_known_schema(connection: sqlite3.Connection) -> bool:
    """Whether tables, views and triggers are those of a new database."""
    return all(set(connection.execute(query)) == _in_a_new_one(query) for query in _SCHEMA)


def replace_by_new(path: Path) -> None:
    """Put an empty database in the place of the file; a process that has the old one open keeps it.

    Raises:
        OSError: the system refuses.
    """
    for suffix in _SIDECARS:  # left by a killed process or planted; SQLite would apply them to the new file
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    with replacing(path) as file:
        file.write(_new_one())


@cache
def _in_a_new_one(query: str) -> set[tuple[object, ...]]:
    with closing(sqlite3.connect(":memory:")) as new:
        new.deserialize(_new_one())
        return set(new.execute(query))


@cache
def _new_one() -> bytes:
    """The content of a database without studies. Made in memory, as a disk would wait for each of its tables."""
    storage = RDBStorage("sqlite://")
    with closing(storage.engine.raw_connection()) as connection:
        assert isinstance(connection.driver_connection, sqlite3.Connection)
        content = connection.driver_connection.serialize()
    storage.remove_session()
    storage.engine.dispose()
    return content
