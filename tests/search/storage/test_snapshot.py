"""A copy of a study's database: what is read, what is refused, and that the file stays as it is."""

import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID

import optuna
import pytest

from nas.errors import StudyError
from nas.results.identity import StudyIdentity
from nas.results.objective import Objective
from nas.search.storage.database import StudyDatabase
from nas.search.storage.snapshot import read_snapshot
from nas.search.storage.trial_rows import rows_of

AXES = (
    Objective(name="quality", unit="bits per byte", direction="minimize"),
    Objective(name="flops", unit="FLOP", direction="minimize"),
)


def ended(value: float) -> optuna.trial.FrozenTrial:
    distribution = optuna.distributions.IntDistribution(0, 9)
    return optuna.trial.create_trial(
        params={"window": int(value)}, distributions={"window": distribution}, values=[value, 10 - value]
    )


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "study.db"
    written = StudyDatabase(None, path, StudyIdentity(id=str(UUID(int=1)), objectives=AXES), "demo")
    written.open()
    written.write({number: rows_of(ended(value)) for number, value in enumerate((1.0, 2.0))})
    written.close()
    return path


def test_the_copy_has_the_trials_and_the_names_of_the_objectives(database: Path) -> None:
    study = optuna.load_study(study_name="demo", storage=read_snapshot(database))
    assert [trial.values for trial in study.trials] == [[1.0, 9.0], [2.0, 8.0]]
    assert [trial.params for trial in study.trials] == [{"window": 1}, {"window": 2}]
    assert study.metric_names == ["quality", "flops"]


def test_what_is_done_to_the_copy_never_reaches_the_file(database: Path) -> None:
    before = database.read_bytes()
    storage = read_snapshot(database)
    optuna.load_study(study_name="demo", storage=storage).add_trial(ended(3.0))
    optuna.delete_study(study_name="demo", storage=storage)
    assert database.read_bytes() == before
    assert sorted(path.name for path in database.parent.iterdir()) == ["study.db"]


@pytest.mark.parametrize("content", [None, b"", b"no database" * 100])
def test_what_is_no_view_of_a_study_is_one_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "study.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StudyError, match="must be Optuna's view of a study") as error:
        read_snapshot(path)
    assert "\n" not in str(error.value)
    assert path.exists() == (content is not None)


def test_a_view_or_trigger_of_a_stranger_is_refused(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(
            "CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i+1 FROM n) SELECT * FROM n"
        )
        connection.commit()
    with pytest.raises(StudyError, match="another schema"):
        read_snapshot(database)
