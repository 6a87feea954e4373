"""Worker processes: the same jobs give the same measurements, and a worker that is lost is replaced."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from nas.errors import StudyError
from nas.results.measurement import Outcome
from nas.search.executors import processes
from nas.search.executors.jobs import JobResult
from nas.search.executors.processes import ATTEMPTS, ProcessExecutor
from nas.search.executors.trainer import InlineExecutor, Trainer
from tests.recall_jobs import RUNG, SETUP, jobs, run


@pytest.mark.slow
def test_workers_measure_what_one_process_measures(tmp_path: Path) -> None:
    inline, reported_inline = run(InlineExecutor(Trainer(SETUP, "cpu", 1)), tmp_path / "inline")
    spread, reported_spread = run(ProcessExecutor(SETUP, ["cpu", "cpu"], 1, 600.0), tmp_path / "spread")
    assert sorted(inline) == [(trial, task) for trial in range(6) for task in SETUP.tasks]
    assert spread == inline
    assert reported_inline == reported_spread == set(inline)


def trained(executor: ProcessExecutor) -> JobResult:
    result = executor.next_result(lambda *_: None)
    assert isinstance(result, JobResult)
    return result


@dataclass
class Doomed:
    """A process that takes a job and dies, with or without last words; or hangs until it is killed.

    Args:
        pipe: its end of the driver's pipe.
        exitcode: what it leaves.
        last_words: its message, if it has one.
        hangs: whether it waits to be killed.
    """

    pipe: "Connection[Any, Any]"
    exitcode: int
    last_words: tuple[str, Any] | None = None
    hangs: bool = False
    killed: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.thread = Thread(target=self._take_and_die)
        self.thread.start()

    def _take_and_die(self) -> None:
        with self.pipe, suppress(EOFError):
            self.pipe.recv()
            if self.last_words is not None:
                self.pipe.send(self.last_words)
            if self.hangs:
                self.killed.wait()

    def kill(self) -> None:
        self.killed.set()

    def join(self) -> None:
        """One that waits for a job ends when its pipe is closed."""


Doom = Callable[..., list[Doomed]]


@pytest.fixture
def doom(monkeypatch: pytest.MonkeyPatch) -> Doom:
    """Let every worker be such a process; returns those that were started."""

    def all_workers(**how: Any) -> list[Doomed]:
        started: list[Doomed] = []

        def start(executor: ProcessExecutor, device: str) -> Any:
            (ours, theirs), (_, lifeline) = Pipe(), Pipe(duplex=False)
            started.append(Doomed(theirs, **how))
            return processes._Worker(device, started[-1], ours, lifeline)  # type: ignore[arg-type]

        monkeypatch.setattr(ProcessExecutor, "_start", start)
        return started

    return all_workers


@pytest.mark.parametrize(
    ("exit_code", "outcome", "reason"),
    [
        (-9, Outcome.OUT_OF_MEMORY, "its worker was killed by SIGKILL, most likely for its memory, 2 times"),
        (-11, Outcome.FAILED, "its worker was killed by SIGSEGV, 2 times"),
        (3, Outcome.FAILED, "its worker ended with exit code 3, 2 times"),
    ],
)
def test_a_job_whose_workers_die_has_failed_and_says_how(
    tmp_path: Path, doom: Doom, exit_code: int, outcome: Outcome, reason: str
) -> None:
    """Every job has its own attempts: one that died in the search must not cost a try of its further seeds."""
    started = doom(exitcode=exit_code)
    executor = ProcessExecutor(SETUP, ["cpu"], 1, 600.0)
    [_, job, *_] = jobs(tmp_path)
    for seed in (1, 2):
        executor.submit(replace(job, seed=seed))
        result = trained(executor)
        [measurement] = result.measurements
        assert (measurement.outcome, measurement.step, measurement.reason) == (outcome, RUNG, reason)
        assert (measurement.pattern_id, measurement.task) == (job.members[0].pattern.id_in_order, job.task)
        assert result.failure == f"{reason}\n"
        assert len(started) == 1 + ATTEMPTS * seed
    executor.close()


def test_a_worker_that_reports_nothing_for_too_long_is_replaced(tmp_path: Path, doom: Doom) -> None:
    started = doom(exitcode=-9, hangs=True)
    executor = ProcessExecutor(SETUP, ["cpu"], 1, 0.3)
    executor.submit(jobs(tmp_path)[1])
    [measurement] = trained(executor).measurements
    assert measurement.outcome is Outcome.FAILED
    assert measurement.reason == "its worker reported nothing for 0.005 minutes, 2 times"
    assert [worker.killed.is_set() for worker in started] == [True] * ATTEMPTS + [False]
    executor.close()


def test_a_worker_in_which_a_job_failed_is_replaced(tmp_path: Path, doom: Doom) -> None:
    """An error on a GPU can leave it unusable for the process."""
    job = jobs(tmp_path)[1]
    failed = job.failed(Outcome.FAILED, "ValueError: no", "Traceback")
    started = doom(exitcode=0, last_words=("done", failed), hangs=True)
    executor = ProcessExecutor(SETUP, ["cpu"], 1, 600.0)
    executor.submit(job)
    assert executor.next_result(lambda *_: None) == failed
    assert [worker.killed.is_set() for worker in started] == [True, False]
    executor.close()


@pytest.mark.parametrize(
    ("last_words", "error"),
    [(("refused", "x.pt: no room"), StudyError), (("defect", "Traceback: a defect"), RuntimeError)],
)
def test_what_a_worker_says_at_its_end_reaches_the_user(
    tmp_path: Path, doom: Doom, last_words: tuple[str, str], error: type[Exception]
) -> None:
    """What can be mended as its own line, a defect with its traceback."""
    doom(exitcode=0, last_words=last_words)
    executor = ProcessExecutor(SETUP, ["cpu"], 1, 600.0)
    executor.submit(jobs(tmp_path)[0])
    with pytest.raises(error, match=f"{last_words[1]}$"):
        executor.next_result(lambda *_: None)
    executor.close()


@pytest.mark.slow
def test_a_real_worker_that_crashes_is_told_from_one_without_memory(tmp_path: Path) -> None:
    executor = ProcessExecutor(SETUP, ["cpu"], 1, 600.0)
    for number, outcome in ((signal.SIGSEGV, Outcome.FAILED), (signal.SIGKILL, Outcome.OUT_OF_MEMORY)):
        executor.submit(replace(jobs(tmp_path)[1], seed=int(number), rung=6))
        killer = Thread(target=kill_workers, args=(executor, number, ATTEMPTS))
        killer.start()
        [measurement] = trained(executor).measurements
        killer.join()
        assert (measurement.outcome, number.name in measurement.reason) == (outcome, True)
    executor.close()


def kill_workers(executor: ProcessExecutor, number: signal.Signals, times: int) -> None:
    """Send a signal to the worker, and to those that replace it, while they still import torch."""
    for _ in range(times):
        pid = executor._workers[0].process.pid
        assert pid is not None
        os.kill(pid, number)
        while executor._workers[0].process.pid == pid:
            time.sleep(0.01)


@pytest.mark.slow
def test_a_worker_that_finds_other_data_than_the_driver_trains_nothing(tmp_path: Path) -> None:
    executor = ProcessExecutor(replace(SETUP, fingerprints={"task recall": "of old"}), ["cpu"], 1, 600.0)
    executor.submit(jobs(tmp_path)[0])
    with pytest.raises(StudyError, match="task recall changed while the study was running"):
        executor.next_result(lambda *_: None)
    executor.close()
