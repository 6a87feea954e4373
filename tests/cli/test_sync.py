from pathlib import Path
from shutil import copytree

import optuna
import pytest

from nas.search.storage.study_folder import StudyFolder
from tests.toy_study import NAMES


@pytest.fixture
def copy(study: Path, tmp_path: Path) -> Path:
    copytree(study, tmp_path / "toy", ignore=lambda folder, names: ["study.db"])
    return tmp_path / "toy"


def test_a_database_is_made_of_the_folder_and_again(nas, copy: Path) -> None:
    trials = StudyFolder(copy).trials()
    for _ in range(2):
        outcome = nas("sync", str(copy))
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.out == f"{len(trials)} trials of {copy} in {copy}/study.db\n"
    told = optuna.load_study(study_name="toy", storage=f"sqlite:///{copy}/study.db").trials
    values = [[trial.values[name] for name in NAMES] if trial.values else None for trial in trials]
    assert [trial.values for trial in told] == values


def test_another_database_is_named_by_an_option_or_the_environment(
    nas, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nas("sync", str(copy), "--storage", f"sqlite:///{tmp_path}/one.db")
    monkeypatch.setenv("NAS_STORAGE", f"sqlite:///{tmp_path}/two.db")
    nas("sync", str(copy))
    for name in ("one", "two"):
        assert optuna.get_all_study_names(f"sqlite:///{tmp_path}/{name}.db") == ["toy"]
    assert not (copy / "study.db").exists()


def test_a_database_that_is_away_is_one_line(nas, copy: Path, tmp_path: Path) -> None:
    outcome = nas("sync", str(copy), "--storage", f"postgresql://team@/nas?host={tmp_path}")
    assert outcome.code == 2 and outcome.out == ""
    assert outcome.err.startswith(f"nas: error: storage: postgresql://{tmp_path}/nas cannot be written (")
    assert outcome.err.count("\n") == 1


def test_a_password_on_the_command_line_is_refused(nas, copy: Path) -> None:
    outcome = nas("sync", str(copy), "--storage", "postgresql://team:plantedsecret@h/nas")
    assert outcome.code == 2 and "NAS_STORAGE" in outcome.err and "plantedsecret" not in outcome.err


def test_a_study_that_never_began_is_one_line(nas, copy: Path) -> None:
    for name in ("front.json", "identity.json"):
        (copy / name).unlink(missing_ok=True)
    outcome = nas("sync", str(copy))
    assert outcome.code == 2 and "has no front yet" in outcome.err
