"""A study folder has one driver at a time."""

import errno
import fcntl
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
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


def no_locks(*_: object) -> None:
    raise OSError(errno.ENOLCK, "No locks available")


def test_a_disk_that_refuses_to_lock_is_not_taken_for_another_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StudyError, match=r"cannot be locked \(Input/output error\)\. Choose"), locked(tmp_path):
        pass


def test_on_a_disk_without_locks_the_lease_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", no_locks)
    monkeypatch.setattr("nas.results.lease.BEAT", 0.05)
    with locked(tmp_path):
        assert is_driven(tmp_path)
        with pytest.raises(StudyError, match=rf"is being driven by process {os.getpid()} on"), locked(tmp_path):
            pass
    assert not is_driven(tmp_path)
    with locked(tmp_path):
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


@pytest.mark.parametrize("make", [lambda path: path.write_text("x"), lambda path: path.symlink_to(path.parent)])
def test_a_lease_that_is_no_folder_of_its_own_is_one_line(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "lease")
    with pytest.raises(StudyError, match=r"/lease must be a folder that can be written \("), locked(tmp_path):
        pass


def test_a_killed_driver_of_this_machine_is_not_watched(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Event()
    holder = spawn.Process(target=hold, args=(tmp_path, ready))
    holder.start()
    assert ready.wait(60)
    holder.kill()
    holder.join()
    assert not is_driven(tmp_path)
    with locked(tmp_path):
        pass
    assert caplog.messages == []


DRIVER = """
import errno, os, sys, time
from itertools import count
from pathlib import Path
from nas.errors import StudyError
from nas.results import lease
from nas.results.lock import Machine, locked

folder, name, skew = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
lease.BEAT, lease.VALID, lease.WATCHED = 0.1, 1.0, 2.0
time_of_day = time.time
time.time = lambda: time_of_day() + skew

def flock(descriptor, how):
    raise OSError(errno.ENOLCK, "No locks available")

log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
try:
    with locked(folder, Machine(name=name, boot=name, flock=flock)) as held:
        for turn in count():
            held.check()
            os.write(log, f"{name}\\n".encode())
            if turn == 0:
                print("driving", flush=True)
            if (folder / "enough").exists():
                break
            time.sleep(0.01)
except StudyError as error:
    print(error, flush=True)
    sys.exit(2)
"""
"""A driver on a machine of its own: it writes its name into a log as long as the study is its own."""


class TwoMachines:
    """Drivers as real processes; what they share is the folder alone.

    Args:
        folder: the study's.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[str]] = []

    def start(self, name: str, skew: float = 0.0) -> "subprocess.Popen[str]":
        """A driver on the machine of this name, whose time of day is wrong by so many seconds."""
        command = [sys.executable, "-c", DRIVER, str(self.folder), name, str(skew)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.started.append(process)
        return process

    def writers(self) -> list[str]:
        """Who wrote, one after the other."""
        names = (self.folder / "log").read_text().split()
        return [name for place, name in enumerate(names) if place == 0 or names[place - 1] != name]

    def stop(self) -> None:
        for process in self.started:
            process.kill()
            process.communicate()


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[TwoMachines]:
    two = TwoMachines(tmp_path)
    yield two
    two.stop()


def first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_study_that_another_machine_drives_is_refused(machines: TwoMachines) -> None:
    driving = machines.start("a")
    assert first_line(driving) == "driving"
    other = machines.start("b")
    assert f"is being driven by process {driving.pid} on a. Wait" in first_line(other)
    assert other.wait(60) == 2 and driving.poll() is None


@pytest.mark.parametrize("skew", [-1e7, 0.0, 1e7])
def test_another_machine_takes_over_from_a_killed_driver_whatever_its_clock_says(
    machines: TwoMachines, skew: float
) -> None:
    driving = machines.start("a")
    assert first_line(driving) == "driving"
    driving.kill()
    driving.wait(60)
    for path in (machines.folder / "lease").iterdir():
        os.utime(path, (2e9 - skew, 2e9 - skew))
    other = machines.start("b", skew)
    assert first_line(other) == "driving"
    assert "was last driven by process" in other.stderr.readline()
    (machines.folder / "enough").touch()
    assert other.wait(60) == 0 and machines.writers() == ["a", "b"]


def test_a_driver_that_was_stopped_past_its_lease_writes_no_more(machines: TwoMachines) -> None:
    """Its machine may have slept; what it wakes up to is another driver's."""
    driving = machines.start("a")
    assert first_line(driving) == "driving"
    driving.send_signal(signal.SIGSTOP)
    other = machines.start("b")
    assert first_line(other) == "driving"
    driving.send_signal(signal.SIGCONT)
    assert "could not be kept by this driver" in first_line(driving)
    assert driving.wait(60) == 2
    assert other.poll() is None
    (machines.folder / "enough").touch()
    assert other.wait(60) == 0 and machines.writers() == ["a", "b"]


def test_of_two_that_wait_one_takes_over(machines: TwoMachines) -> None:
    driving = machines.start("a")
    assert first_line(driving) == "driving"
    driving.kill()
    waiting = [machines.start(name) for name in ("b", "c")]
    lines = sorted((first_line(process) for process in waiting), key=len)
    assert lines[0] == "driving" and "is being driven by" in lines[1]
    assert len(machines.writers()) == 2


def test_a_lease_that_is_lost_interrupts_a_driver_that_only_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas.results.lease.BEAT", 0.05)
    with pytest.raises(StudyError, match="could not be kept by this driver"), locked(tmp_path) as held:
        (tmp_path / "lease/00000002").write_text(json.dumps({"holder": "another", "place": ""}))
        time.sleep(30)
    assert not held.is_valid


def test_the_time_of_day_decides_only_what_is_shown(tmp_path: Path) -> None:
    (tmp_path / "lease").mkdir()
    (tmp_path / "lock").touch()
    newest = tmp_path / "lease/00000003"
    newest.write_text(json.dumps({"holder": "process 1 on elsewhere", "place": "elsewhere 1"}))
    assert is_driven(tmp_path), "it counted on just now"
    os.utime(newest, (1e9, 1e9))
    assert not is_driven(tmp_path)
