"""A copy of Optuna's view of a study in memory: what is done to it never reaches the study."""

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import optuna
from optuna.storages import InMemoryStorage, RDBStorage

from nas.errors import StudyError
from nas.search.storage.own_file import has_known_schema

_LONGEST_WAIT = 5.0
"""Seconds for a search that writes the file at this moment."""


def read_snapshot(path: Path) -> InMemoryStorage:
    """The study of a database as it is now, in a storage of its own.

    The file is opened for reading only, its schema is compared with Optuna's before anything in it is read, and the
    copy has no connection to it.

    Args:
        path: the SQLite file.

    Raises:
        StudyError: there is no such file, or it is not what Optuna would have written.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = InMemoryStorage()
    try:
        with TemporaryDirectory(prefix="nas-snapshot-") as folder:
            copied = Path(folder, "study.db")
            _copy(path, copied)
            source = RDBStorage(f"sqlite:///{copied}")
            try:
                [name] = optuna.get_all_study_names(source)
                optuna.copy_study(from_study_name=name, from_storage=source, to_storage=storage)
            finally:
                source.remove_session()
                source.engine.dispose()
    except Exception as error:  # missing, damaged, of another version, not ours
        remedy = "The same nas search writes it again from the trials."
        raise StudyError(f"{path}: must be Optuna's view of a study, got {_why(error)!r}. {remedy}") from None
    return storage


def _copy(path: Path, copied: Path) -> None:
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=_LONGEST_WAIT)) as source,
        closing(sqlite3.connect(copied)) as copy,
    ):
        source.backup(copy)
        if not has_known_schema(copy):
            raise ValueError("another schema")


def _why(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
