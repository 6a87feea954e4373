"""W&B may refuse, hang, die or find no room: the caller never waits, never sees it, and is told once."""

import logging
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from nas.tracking import recorder as recorder_module
from nas.tracking.recorder import Recorder
from nas.tracking.runs.trial import trial_run
from nas.tracking.settings import TrackingSettings

OFFLINE = TrackingSettings()


@pytest.fixture
def runs(info, trials):
    return [trial_run(info, trial) for trial in trials]


@pytest.fixture
def fake_wandb(tmp_path: Path, monkeypatch):
    """Puts a module in wandb's place, in the worker alone, that runs `body` at the start of every run."""

    def install(body: str) -> None:
        package = tmp_path / "fake" / "wandb"
        (package / "proto").mkdir(parents=True)
        (package / "proto" / "__init__.py").touch()
        (package / "proto" / "wandb_internal_pb2.py").write_text("Record = None\n")
        (package / "__init__.py").write_text(
            f"import os, signal, time\nclass Run: pass\ndef Settings(**_): pass\ndef init(**_):\n    {body}\n"
        )
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / "fake"))

    return install


def record_all(info, runs, seconds_per_run: float = 1.0):
    recorder = Recorder(OFFLINE, info.folder, seconds_per_run=seconds_per_run)
    for run in runs:
        recorder.submit(partial(replace, run))
    return recorder.finish(runs)


def test_submitting_does_not_wait_for_the_worker(info, runs, monkeypatch):
    answered = threading.Event()

    class SlowChild:
        def __init__(self, *_): ...
        def record(self, run):
            answered.wait()

        def close(self): ...

    monkeypatch.setattr(recorder_module, "Child", SlowChild)
    recorder = Recorder(OFFLINE, info.folder)
    for run in runs:
        recorder.submit(partial(replace, run))  # would stand still here
    answered.set()
    assert recorder.finish(runs).num_missing == 0


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise ValueError('bad key')", "ValueError: bad key"),
        ("raise ValueError('url https://me:hunter2@host')", "ValueError: url https://(redacted)@host"),
        ("print('noise', flush=True); raise SystemExit('gone')", "the W&B process ended: gone"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "the W&B process ended: status -9"),
        ("time.sleep(60)", "no answer within 1 s"),
    ],
)
def test_the_first_failure_is_said_in_one_line_and_the_rest_are_counted(info, runs, fake_wandb, caplog, body, reason):
    fake_wandb(body)
    recorded = record_all(info, runs)
    assert (recorded.num_runs, recorded.num_missing, recorded.first_failure) == (5, 5, reason)
    [message] = [record.getMessage() for record in caplog.records]
    assert message == f"tracking: W&B did not record full: {reason}. The search continues."
    assert caplog.records[0].levelno == logging.WARNING


def test_a_worker_that_stands_still_is_left_behind(info, runs, fake_wandb):
    fake_wandb("os.kill(os.getpid(), signal.SIGSTOP)")  # not even its own alarm rings
    assert record_all(info, runs).num_missing == 5  # it never ends by itself, so to come here is the proof


def test_a_broken_wandb_is_a_failure_like_any_other(info, runs, tmp_path, monkeypatch):
    (tmp_path / "wandb.py").write_text("raise ImportError('no such library')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert record_all(info, runs).first_failure == "the W&B process ended: ImportError: no such library"


def test_a_folder_that_cannot_be_made_is_a_failure_like_any_other(info, runs):
    (info.folder / "wandb").write_text("in the way")
    recorded = record_all(info, runs[:1], seconds_per_run=20)
    assert recorded.num_missing == 1
    assert "FileExistsError" in recorded.first_failure


def test_a_study_folder_that_is_gone_is_a_failure_like_any_other(info, runs):
    info.folder.rmdir()
    assert record_all(info, runs).num_missing == 5


def test_what_a_failure_left_out_is_recorded_at_the_end(info, runs, read_runs, fake_wandb, monkeypatch):
    fake_wandb("os._exit(3)")
    recorder = Recorder(OFFLINE, info.folder, seconds_per_run=20)
    recorder.submit(lambda: runs[0])
    while recorder._num_settled < 1:
        time.sleep(0.01)
    monkeypatch.delenv("PYTHONPATH")
    assert recorder.finish(runs[:1]).num_missing == 0
    assert list(read_runs(info.folder)) == ["full"]


@pytest.mark.skipif(sys.platform != "linux", reason="finds W&B's process through /proc")
def test_a_study_survives_the_death_of_wandb_core(info, runs, read_runs):
    recorder = Recorder(OFFLINE, info.folder, seconds_per_run=20)
    recorder.submit(lambda: runs[0])
    while recorder._num_settled < 1:
        time.sleep(0.01)
    [core] = _children(recorder._child._process.pid)
    os.kill(core, signal.SIGKILL)
    assert recorder.finish(runs).num_missing <= 1
    assert len(read_runs(info.folder)) >= len(runs) - 1


def _children(pid: int) -> list[int]:
    stats = [path.read_text() for path in Path("/proc").glob("[0-9]*/stat")]
    fields = [(int(stat.split()[0]), int(stat.rpartition(")")[2].split()[1])) for stat in stats]
    return [child for child, parent in fields if parent == pid]
