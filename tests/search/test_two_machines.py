"""A search that dies on one machine is resumed on another one that shares its folder, and ends in the same front."""

import errno
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from nas.results import lease, lock
from tests.nas_process import NasProcess
from tests.search.test_crash import check_equal, finish, kill_after_work, none_left_behind, start_search

__all__ = ["none_left_behind"]

pytestmark = pytest.mark.slow


def on_machine(name: str) -> None:
    """Pretend to be on another machine, with a file system that has no locks, and to wait for less long."""

    def no_locks(descriptor: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    here = lock.Machine
    lease.BEAT, lease.VALID, lease.WATCHED = 0.5, 4.0, 8.0
    lock.Machine = lambda: here(name=name, boot=name, flock=no_locks)  # type: ignore[assignment, misc]


def search_on(machine: str, runs: Path) -> NasProcess:
    return start_search(runs, "workers=1", before=partial(on_machine, machine))


def test_another_machine_resumes_to_the_same_front(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    first = search_on("a", runs)
    assert kill_after_work(first, runs, 1.0)
    second = search_on("b", runs)
    _, errors = second.communicate(timeout=500)
    assert second.returncode == 0, errors.decode()
    assert b"was last driven by process" in errors and b" on a, which did not give it back" in errors
    finish(start_search(tmp_path / "whole", "workers=1"))
    check_equal(runs / "killed", tmp_path / "whole" / "killed")


def test_a_search_that_was_stopped_past_its_lease_ends_in_one_line(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    first = search_on("a", runs)
    while not list(runs.glob("killed/trials/*/seed-*.json")):
        assert first.poll() is None
        time.sleep(0.02)
    first.send_signal(signal.SIGSTOP)
    second = search_on("b", runs)
    _, errors = second.communicate(timeout=500)
    assert second.returncode == 0, errors.decode()
    front = (runs / "killed/front.json").read_bytes()
    first.send_signal(signal.SIGCONT)
    _, errors = first.communicate(timeout=120)
    assert first.returncode == 2 and errors.decode().count("nas: error: ") == 1
    assert b"could not be kept by this driver" in errors and b"Traceback" not in errors
    assert (runs / "killed/front.json").read_bytes() == front
