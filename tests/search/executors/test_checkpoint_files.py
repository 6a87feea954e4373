"""Checkpoints that travel: what is new arrives, what is dropped goes, and nothing else is ever written."""

from pathlib import Path

import pytest

from nas.errors import StudyError
from nas.search.executors.checkpoint_files import Change, Watched, apply, names, read_files, write_files

OLD, NEW = (f"checkpoint-{step:09d}-0123456789abcdef.pt" for step in (500, 1000))


def test_a_watched_folder_is_mirrored(tmp_path: Path) -> None:
    here, there = ([tmp_path / side / str(member) for member in range(2)] for side in ("here", "there"))
    watched = Watched(here)
    assert watched.changes() == []
    for member, folder in enumerate(here):
        write_files(folder, {OLD: b"%d" % member})
    apply(watched.changes(), there)
    assert [read_files(folder) for folder in there] == [{OLD: b"0"}, {OLD: b"1"}]
    write_files(here[1], {NEW: b"newer"})
    (here[1] / OLD).unlink()
    changes = watched.changes()
    assert changes == [Change(1, {NEW: b"newer"}, (OLD,))]
    apply(changes, there)
    assert [read_files(folder) for folder in there] == [read_files(folder) for folder in here]
    assert watched.changes() == []


def test_what_was_there_is_not_sent_back(tmp_path: Path) -> None:
    write_files(tmp_path, {OLD: b"sent"})
    assert Watched([tmp_path]).changes() == []


def test_other_files_of_a_trial_stay(tmp_path: Path) -> None:
    for name in ("ask.json", f".{NEW}.77.tmp", "checkpoint-notes.pt"):
        (tmp_path / name).write_text("mine")
    assert names(tmp_path) == [] and read_files(tmp_path) == {}
    apply([Change(0, {}, ("ask.json",))], [tmp_path])
    assert (tmp_path / "ask.json").exists()


@pytest.mark.parametrize("name", ["../ask.json", "trial.json", f"sub/{OLD}", f"{OLD}.py", f"{OLD}\n"])
def test_a_worker_cannot_write_anything_else(name: str, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="only checkpoints may be sent"):
        apply([Change(0, {name: b""}, ())], [tmp_path / "trial"])
    assert not list(tmp_path.rglob("*.*"))


def test_a_full_disk_is_one_line(tmp_path: Path, full_disk: None) -> None:
    with pytest.raises(StudyError, match="cannot be written"):
        write_files(tmp_path, {OLD: b"content"})
    assert names(tmp_path) == []
