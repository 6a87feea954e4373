"""Files of a study that someone else has touched: one line that names the file, and no traceback."""

from pathlib import Path

import pytest

from nas.errors import StudyError
from nas.files import write_json, write_text
from nas.search.folder.database import StudyDatabase
from nas.search.folder.study_folder import StudyFolder
from nas.search.scoring.objectives import Objective
from nas.search.settings import StudySettings
from nas.search.study import run_study
from nas.tasks.memory.recall import RecallSettings

DAMAGE = [b"", b"{", b"[]", b"{}", b"5", b"\xff\xfe\x00", b"[" * 100_000]


def put(path: Path, content: bytes | None) -> None:
    """The content in a file; None for a folder of that name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir() if content is None else path.write_bytes(content)


@pytest.mark.parametrize("content", [*DAMAGE, None])
@pytest.mark.parametrize(
    "name", ["front.json", "data.json", "trials/00003/ask.json", "trials/00003/seed-0-silent-0000400.json"]
)
def test_damaged_json_is_named(tmp_path: Path, name: str, content: bytes | None) -> None:
    put(tmp_path / name, content)
    folder = StudyFolder(tmp_path)
    read = {
        "front.json": folder.front,
        "data.json": folder.read_fingerprints,
        "trials/00003/ask.json": lambda: folder.read_proposal(3),
        "trials/00003/seed-0-silent-0000400.json": lambda: folder.read_measurement(3, 0, "silent", 400),
    }[name]
    with pytest.raises(StudyError, match=rf"^{tmp_path / name}: "):
        read()


@pytest.mark.parametrize(("seed", "quality"), [(0, "2.5"), (1, 2.5)])
def test_a_hand_edited_measurement_is_named(tmp_path: Path, seed: int, quality: object) -> None:
    """A quality that is text; the measurement of another seed."""
    good = {
        "seed": 0,
        "learning_rate": 0.1,
        "step": 400,
        "outcome": "finished",
        "quality": 2.5,
        "train_loss": 1.7,
        "wall_seconds": 1.0,
        "longer": [],
    }
    path = tmp_path / "trials/00003/seed-0-silent-0000400.json"
    write_json(path, good)
    assert StudyFolder(tmp_path).read_measurement(3, 0, "silent", 400) is not None
    write_json(path, good | {"seed": seed, "quality": quality})
    with pytest.raises(StudyError, match=rf"^{path}: .*(seed and step|quality) must be"):
        StudyFolder(tmp_path).read_measurement(3, 0, "silent", 400)


@pytest.mark.parametrize("content", [*DAMAGE, None])
def test_a_damaged_trial_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "trials/00003/trial.json"
    put(path, content)
    folder = StudyFolder(tmp_path)
    for read in (folder.trials, lambda: folder.trial(3)):
        with pytest.raises(StudyError, match=rf"^{path}: "):
            read()


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe\x00", None])
def test_damaged_settings_are_named(tmp_path: Path, content: bytes | None) -> None:
    put(tmp_path / "config.yaml", content)
    with pytest.raises(StudyError, match=rf"^{tmp_path / 'config.yaml'}: "):
        StudyFolder(tmp_path).settings_document()


@pytest.mark.parametrize("content", [b"", b"garbage" * 1000, None])
def test_a_damaged_database_is_named(tmp_path: Path, content: bytes | None) -> None:
    put(tmp_path / "study.db", content)
    objectives = (Objective("quality", "bits", "minimize"), Objective("flops", "FLOP", "minimize"))
    with pytest.raises(StudyError, match=rf"^{tmp_path / 'study.db'}: .*delete the file"):
        StudyDatabase(tmp_path / "study.db", "x", objectives)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match=r"cannot be written .*goes on"):
        write_text(tmp_path / "file" / "inside", "x")


def test_trials_without_their_settings_are_not_mixed_with_others(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path / "orphan")
    write_json(folder.trial_path(0) / "ask.json", {})
    with pytest.raises(StudyError, match=r"has trials but no config\.yaml"):
        task = RecallSettings(num_tokens=16, vocab_size=16, num_pairs=2)
        run_study(StudySettings(study=f"{tmp_path}/orphan", task=task, device="cpu", workers=1))
