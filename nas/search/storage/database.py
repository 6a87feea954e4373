"""Optuna's SQLite file, for dashboards: a mirror of the trial folders, which are the source of truth."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial
from sqlalchemy.exc import SQLAlchemyError

from nas.errors import StudyError
from nas.statistics.ranks import Direction


class StudyDatabase:
    """Ended trials in Optuna's own format, each written in one transaction.

    Args:
        path: the SQLite file; created if missing.
        name: the study's name in it.
        directions: minimize or maximize, one per objective.

    Raises:
        StudyError: the file is not the database of a study, or cannot be written.
    """

    def __init__(self, path: Path, name: str, directions: Sequence[Direction]) -> None:
        self._path = path
        with _one_line_errors(path):
            if not path.exists():
                _create(path, name, directions)
            # The only study in the file, whatever its name: the folder may have been renamed since.
            self._study = optuna.load_study(study_name=None, storage=_storage(path))
            self._num_trials = len(self._study.get_trials(deepcopy=False))

    def append(self, number: int, trial: FrozenTrial) -> None:
        """Add an ended trial, unless an earlier run of the study did."""
        if number < self._num_trials:
            return
        assert number == self._num_trials, "trials end in the order of their numbers"
        with _one_line_errors(self._path):
            self._study.add_trial(trial)
        self._num_trials += 1


@contextmanager
def _one_line_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, StorageInternalError, OSError, ValueError) as error:
        cause = error.__cause__ or error  # Optuna wraps what SQLAlchemy wraps
        reason = getattr(cause, "orig", None) or cause
        remedy = "Fix that, or delete the file and run the same nas search again, which recreates it."
        raise StudyError(f"{path}: must be Optuna's database of this study, writable ({reason}). {remedy}") from None


def _create(path: Path, name: str, directions: Sequence[Direction]) -> None:
    """Create the file next to its place and move it there: Optuna cannot open one whose creation was cut short."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    storage = _storage(temporary)
    optuna.create_study(study_name=name, storage=storage, directions=list(directions))
    storage.remove_session()
    storage.engine.dispose()
    temporary.replace(path)


def _storage(path: Path) -> RDBStorage:
    return RDBStorage(f"sqlite:///{path.resolve()}")
