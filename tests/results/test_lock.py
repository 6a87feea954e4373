"""A study folder has one driver at a time."""

import fcntl
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nas.errors import StudyError
from nas.results.lock import is_driven, locked


def hold(path: Path, ready: "multiprocessing.synchronize.Event") -> None:
    with locked(path):
        ready.set()
        time.sleep(60)


def test_a_second_driver_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Event()
    holder = spawn.Process(target=hold, args=(tmp_path, ready))
    holder.start()
    try:
        assert ready.wait(60)
        with (
            pytest.raises(StudyError, match=f"is being driven by process {holder.pid} on {socket.gethostname()}"),
            locked(tmp_path),
        ):
            pass
        assert holder.pid is not None
        os.kill(holder.pid, signal.SIGKILL)
        holder.join()
        with locked(tmp_path):
            pass
    finally:
        holder.kill()
        holder.join()


def test_a_place_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(StudyError, match=rf"^study: must be a folder that can be written, got {tmp_path}/file \("),
        locked(tmp_path / "file"),
    ):
        pass


@pytest.mark.parametrize("link", [Path.symlink_to, Path.hardlink_to])
def test_a_lock_that_is_a_link_leaves_its_target_alone(tmp_path: Path, link: Callable[[Path, Path], None]) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "thesis").write_text("precious")
    link(tmp_path / "study/lock", tmp_path / "thesis")
    with pytest.raises(StudyError, match=r"study/lock must be a file of its own"), locked(tmp_path / "study"):
        pass
    assert (tmp_path / "thesis").read_text() == "precious"


def test_a_lock_that_points_nowhere_makes_no_file_there(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "study/lock").symlink_to(tmp_path / "startup")
    with pytest.raises(StudyError, match=r"study/lock must be a file of its own"), locked(tmp_path / "study"):
        pass
    assert not (tmp_path / "startup").exists()


def test_a_lock_that_is_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "lock")
    with pytest.raises(StudyError, match=r"lock must be a file of its own"), locked(tmp_path):
        pass


def test_a_disk_without_locks_is_not_taken_for_another_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(StudyError, match=r"cannot be locked \(No locks available\)\. Choose"), locked(tmp_path):
        pass


def test_whether_a_study_is_driven_is_told_without_stopping_a_driver(tmp_path: Path) -> None:
    assert not is_driven(tmp_path), "there is no lock yet"
    with locked(tmp_path):
        assert is_driven(tmp_path)
    assert not is_driven(tmp_path) and (tmp_path / "lock").exists()


def test_a_driver_waits_for_one_who_only_looks(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    with (tmp_path / "lock").open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        threading.Timer(0.1, lambda: fcntl.flock(looking, fcntl.LOCK_UN)).start()
        with locked(tmp_path):
            pass


def test_no_link_is_looked_through(tmp_path: Path) -> None:
    with locked(tmp_path / "other"):
        (tmp_path / "study").mkdir()
        (tmp_path / "study/lock").symlink_to(tmp_path / "other/lock")
        assert not is_driven(tmp_path / "study")
