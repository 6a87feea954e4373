"""Jobs in parallel worker processes: one per GPU, or one per core.

The driver holds two pipes to each worker, one for messages and one that breaks when the driver dies. A worker that has
died, or has reported nothing for too long, is replaced, and its job is tried once more before it counts as failed.
"""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.resource_tracker import ensure_running
from signal import SIG_BLOCK, SIG_SETMASK, SIGINT, SIGKILL, Signals, pthread_sigmask
from typing import Any

from nas.errors import StudyError
from nas.results.measurement import Outcome
from nas.search.executors.job_queue import Attempt, JobQueue
from nas.search.executors.jobs import Job, JobResult, OnProgress, ProfileJob, ProfileResult, Setup
from nas.search.executors.worker_process import work

ATTEMPTS = 2
"""How often a job is tried whose worker dies or stalls."""

Work = Callable[["Connection[Any, Any]", "Connection[Any, Any]", Setup, str, int], None]
"""What a worker process runs; see `nas.search.executors.worker_process.work`."""

_SPAWN = multiprocessing.get_context("spawn")


@dataclass(slots=True)
class _Worker:
    device: str
    process: BaseProcess
    pipe: "Connection[Any, Any]"
    lifeline: "Connection[Any, Any]"
    attempt: Attempt | None = None
    heard: float = field(default_factory=time.monotonic)
    """When it last reported anything, or was given its job."""


class ProcessExecutor:
    """Workers that train jobs in parallel.

    Args:
        setup: what all jobs have in common.
        devices: one worker for each entry (cpu, cuda:N).
        num_threads: CPU threads that torch may use in each worker.
        stall_seconds: how long a worker may report nothing about its job before it is stopped, in seconds.
        work: what a worker process runs; pickled, so it must be a function of a module.
    """

    def __init__(
        self, setup: Setup, devices: Sequence[str], num_threads: int, stall_seconds: float, work: Work = work
    ) -> None:
        self._setup, self._num_threads, self._stall_seconds = setup, num_threads, stall_seconds
        self._work = work
        self._queue = JobQueue(ATTEMPTS)
        self._workers = [self._start(device) for device in devices]

    def submit(self, job: Job | ProfileJob) -> None:
        """Give a job to a free worker, or queue it."""
        self._queue.add(job)
        self._dispatch()

    def next_result(self, on_progress: OnProgress) -> JobResult | ProfileResult:
        """Wait for the next job to end, reporting the progress of all meanwhile."""
        while True:
            busy = {worker.pipe: worker for worker in self._workers if worker.attempt is not None}
            patience = min(worker.heard for worker in busy.values()) + self._stall_seconds - time.monotonic()
            for pipe in wait(list(busy), max(0.0, patience)):
                assert isinstance(pipe, Connection)
                if result := self._receive(busy[pipe], on_progress):
                    return result
            for worker in busy.values():
                if time.monotonic() - worker.heard > self._stall_seconds and (result := self._stalled(worker)):
                    return result

    def close(self) -> None:
        """Stop all workers at once."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            _clear_away(worker)

    def _start(self, device: str) -> _Worker:
        ours, theirs = _SPAWN.Pipe()
        end, lifeline = _SPAWN.Pipe(duplex=False)
        process = _SPAWN.Process(
            target=self._work, args=(theirs, end, self._setup, device, self._num_threads), daemon=True
        )
        with _interrupts_held():
            process.start()
        theirs.close()
        end.close()
        return _Worker(device, process, ours, lifeline)

    def _dispatch(self) -> None:
        for worker in self._workers:
            if worker.attempt is None and self._queue:
                worker.attempt, worker.heard = self._queue.take(), time.monotonic()
                try:
                    worker.pipe.send(worker.attempt.job)
                except OSError:
                    self._queue.put_back(worker.attempt)
                    self._replace(worker)

    def _receive(self, worker: _Worker, on_progress: OnProgress) -> JobResult | ProfileResult | None:
        worker.heard = time.monotonic()
        try:
            message = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join()
            return self._lost(worker, *_death(worker.process.exitcode))
        match message:
            case ("progress", trial, task, step, num_steps):
                on_progress(trial, task, step, num_steps)
                return None
            case ("done", (JobResult() | ProfileResult()) as result):
                worker.attempt = None
                if result.failure:  # an error can leave a device unusable for the process
                    worker.process.kill()
                    self._replace(worker)
                self._dispatch()
                return result
            case ("refused", reason):
                raise StudyError(reason)
            case _:
                raise RuntimeError(f"a worker could not be started:\n{message[1]}")

    def _stalled(self, worker: _Worker) -> JobResult | ProfileResult | None:
        worker.process.kill()
        return self._lost(worker, f"reported nothing for {self._stall_seconds / 60:g} minutes", Outcome.FAILED)

    def _lost(self, worker: _Worker, how: str, outcome: Outcome) -> JobResult | ProfileResult | None:
        """Replace a worker that was lost with its job, which is tried again or has failed; see `JobQueue.lost`."""
        attempt = worker.attempt
        assert attempt is not None
        result = self._queue.lost(attempt, how, outcome)
        self._replace(worker)
        return result

    def _replace(self, worker: _Worker) -> None:
        """Start a new worker in the place of one that is gone, or was killed."""
        _clear_away(worker)
        fresh = self._start(worker.device)
        worker.process, worker.pipe, worker.lifeline = fresh.process, fresh.pipe, fresh.lifeline
        worker.attempt = None
        self._dispatch()


def _clear_away(worker: _Worker) -> None:
    worker.process.join()
    worker.pipe.close()
    worker.lifeline.close()


def _death(exit_code: int | None) -> tuple[str, Outcome]:
    """`was killed by SIGSEGV`, `ended with exit code 3`; systems that run out of memory send SIGKILL."""
    if exit_code == -SIGKILL:
        return "was killed by SIGKILL, most likely for its memory", Outcome.OUT_OF_MEMORY
    if exit_code is not None and exit_code < 0:
        return f"was killed by {Signals(-exit_code).name}", Outcome.FAILED
    return f"ended with exit code {exit_code}", Outcome.FAILED


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Keep Ctrl-C from the processes that are started meanwhile, even while they are still importing.

    Ctrl-C reaches the whole process group, but only the driver decides to stop. One that comes meanwhile is delivered
    to the driver afterwards.
    """
    ensure_running()  # multiprocessing's own helper, which unblocks Ctrl-C when it starts
    before = pthread_sigmask(SIG_BLOCK, {SIGINT})
    try:
        yield
    finally:
        pthread_sigmask(SIG_SETMASK, before)
