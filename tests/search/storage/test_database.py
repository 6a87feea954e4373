"""Optuna's database: every ended trial once, in order, whatever was stopped or renamed before."""

from pathlib import Path

import optuna
import pytest

from nas.errors import StudyError
from nas.search.storage.database import StudyDatabase


def open_database(path: Path, name: str = "toy") -> StudyDatabase:
    return StudyDatabase(path, name, ["minimize"])


def trial(value: float) -> optuna.trial.FrozenTrial:
    return optuna.create_trial(value=value)


def values_in(path: Path) -> list[float]:
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{path}")
    return [trial.value for trial in study.trials]


def test_a_database_that_is_opened_again_takes_only_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    first = open_database(path)
    first.append(0, trial(1.0))
    first.append(1, trial(2.0))
    again = open_database(path, "renamed")  # as a folder may be between two runs
    for number, value in enumerate([9.0, 9.0, 3.0]):
        again.append(number, trial(value))
    assert values_in(path) == [1.0, 2.0, 3.0]


def test_a_trial_out_of_order_is_a_defect(tmp_path: Path) -> None:
    database = open_database(tmp_path / "study.db")
    with pytest.raises(AssertionError):
        database.append(1, trial(1.0))


def test_a_creation_that_was_cut_short_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / ".study.db.tmp").write_bytes(b"half of a database")
    open_database(tmp_path / "study.db").append(0, trial(1.0))
    assert values_in(tmp_path / "study.db") == [1.0]
    assert [path.name for path in tmp_path.iterdir()] == ["study.db"]


def put(path: Path, content: bytes | None) -> None:
    """The content in a file; None for a folder of that name."""
    path.mkdir() if content is None else path.write_bytes(content)


@pytest.mark.parametrize("content", [b"", b"garbage" * 1000, None])
def test_a_damaged_database_is_named(tmp_path: Path, content: bytes | None) -> None:
    put(tmp_path / "study.db", content)
    with pytest.raises(StudyError, match=rf"^{tmp_path / 'study.db'}: .*delete the file"):
        StudyDatabase(tmp_path / "study.db", "x", ["minimize", "minimize"])
