"""A study folder has one driver at a time."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from nas.errors import StudyError
from nas.results.lock import locked


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
            pytest.raises(StudyError, match=f"is being driven by process {holder.pid}"),
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
