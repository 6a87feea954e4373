"""One study in a database of Optuna's: found by its id, whatever it is called, next to others."""

import sqlite3
from contextlib import closing
from pathlib import Path

import optuna
import pytest
from sqlalchemy.engine import make_url

from nas.search.storage.database import StudyDatabase
from nas.search.storage.trial_rows import rows_of
from tests.followed import identity, trial


@pytest.fixture
def team(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/team.db"


def database(team: str, name: str = "night", number: int = 0) -> StudyDatabase:
    return StudyDatabase(make_url(team), Path("unused"), identity(number), name)


def names_in(team: str) -> list[str]:
    return optuna.get_all_study_names(team)


def test_optuna_reads_every_trial_in_order(team: str) -> None:
    ours = database(team)
    assert ours.open() == {}
    ours.write({1: rows_of(trial(2.0)), 0: rows_of(trial(1.0))})
    ours.close()
    study = optuna.load_study(study_name="night", storage=team)
    assert study.metric_names == ["quality"] and study.direction.name == "MINIMIZE"
    assert study.user_attrs == {"nas:study": identity().id}
    first, second = study.trials
    assert (first.number, first.value, second.number, second.value) == (0, 1.0, 1, 2.0)
    assert (first.params, first.user_attrs, first.constraints) == ({"window": 4}, {"baseline": None}, {"flops": 0.1})


def test_two_studies_of_one_name_do_not_collide(team: str) -> None:
    for number, value in enumerate((1.0, 2.0)):
        ours = database(team, number=number)
        ours.open()
        ours.write({0: rows_of(trial(value))})
        ours.close()
    first, second = sorted(names_in(team), key=len)
    assert (first, second) == ("night", f"night-{identity(1).id[:8]}")
    values = [optuna.load_study(study_name=name, storage=team).trials[0].value for name in (first, second)]
    assert values == [1.0, 2.0]


def test_a_study_whose_folder_was_renamed_is_found_by_its_id(team: str) -> None:
    ours = database(team)
    ours.open()
    ours.write({0: rows_of(trial(1.0))})
    ours.close()
    renamed = database(team, "morning")
    assert renamed.open() == {0: rows_of(trial(1.0)).digest}
    renamed.close()
    assert names_in(team) == ["night"]


def test_more_trials_than_fit_into_a_transaction_are_written(team: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nas.search.storage.database._AT_ONCE", 2)
    ours = database(team)
    ours.open()
    ours.write({number: rows_of(trial(number)) for number in range(5)})
    ours.forget_from(4)
    assert sorted(ours.open()) == [0, 1, 2, 3]
    ours.close()


def test_a_study_that_somebody_deleted_is_an_error_and_made_again_when_opened(team: str) -> None:
    ours = database(team)
    ours.open()
    optuna.delete_study(study_name="night", storage=team)
    with pytest.raises(Exception, match="No row was found"):
        ours.write({0: rows_of(trial(1.0))})
    assert ours.open() == {}
    ours.write({0: rows_of(trial(1.0))})
    ours.close()
    assert len(optuna.load_study(study_name="night", storage=team).trials) == 1


def test_a_study_with_our_id_and_other_objectives_is_left_alone(team: str, tmp_path: Path) -> None:
    ours = database(team)
    ours.open()
    with closing(sqlite3.connect(tmp_path / "team.db")) as connection:
        connection.executescript("UPDATE study_directions SET direction = 'MAXIMIZE'")
    with pytest.raises(ValueError, match="other objectives"):
        ours.open()
    ours.close()


def test_a_trial_that_is_there_twice_is_an_error(team: str, tmp_path: Path) -> None:
    ours = database(team)
    ours.open()
    ours.write({0: rows_of(trial(1.0)), 1: rows_of(trial(1.0))})
    with closing(sqlite3.connect(tmp_path / "team.db")) as connection:
        connection.executescript("UPDATE trials SET number = 0")
    with pytest.raises(ValueError, match="twice"):
        ours.open()
    ours.close()
