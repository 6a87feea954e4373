"""Jobs in parallel worker processes: one per GPU, or one per core.

The driver holds one pipe to each worker. A worker whose driver is gone finds the pipe broken and ends; a worker that
has died is replaced, and its job is tried once more before its trials count as out of memory.
"""

import multiprocessing
import traceback
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.resource_tracker import ensure_running
from signal import SIG_BLOCK, SIG_SETMASK, SIGINT, pthread_sigmask
from typing import Any

from nas.errors import NasError, StudyError
from nas.proxy.state.cohort_state import Member
from nas.results.measurement import Measurement, Outcome
from nas.search.executors.jobs import Job, JobResult, OnProgress, Setup
from nas.search.executors.trainer import Trainer

ATTEMPTS = 2
"""How often a job is tried whose worker dies (most likely killed by the system for its memory)."""

_SPAWN = multiprocessing.get_context("spawn")


@dataclass(slots=True)
class _Worker:
    device: str
    process: BaseProcess
    pipe: "Connection[Any, Any]"
    job: Job | None = None


class ProcessExecutor:
    """Workers that train jobs in parallel.

    Args:
        setup: what all jobs have in common.
        devices: one worker for each entry (cpu, cuda:N).
        num_threads: CPU threads that torch may use in each worker.
    """

    def __init__(self, setup: Setup, devices: Sequence[str], num_threads: int) -> None:
        self._setup, self._num_threads = setup, num_threads
        self._queue: deque[Job] = deque()
        self._deaths: Counter[Job] = Counter()
        self._workers = [self._start(device) for device in devices]

    def submit(self, job: Job) -> None:
        """Give a job to a free worker, or queue it."""
        self._queue.append(job)
        self._dispatch()

    def next_result(self, on_progress: OnProgress) -> JobResult:
        """Wait for the next job to end, reporting the progress of all meanwhile."""
        while True:
            busy = {worker.pipe: worker for worker in self._workers if worker.job is not None}
            for pipe in wait(list(busy)):
                assert isinstance(pipe, Connection)
                result = self._receive(busy[pipe], on_progress)
                if result is not None:
                    self._dispatch()
                    return result

    def close(self) -> None:
        """Stop all workers at once."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.pipe.close()

    def _start(self, device: str) -> _Worker:
        ours, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(target=_work, args=(theirs, self._setup, device, self._num_threads), daemon=True)
        with _interrupts_held():
            process.start()
        theirs.close()
        return _Worker(device, process, ours)

    def _dispatch(self) -> None:
        for worker in self._workers:
            if worker.job is None and self._queue:
                worker.job = self._queue.popleft()
                try:
                    worker.pipe.send(worker.job)
                except OSError:
                    self._replace(worker)

    def _receive(self, worker: _Worker, on_progress: OnProgress) -> JobResult | None:
        assert worker.job is not None
        try:
            message = worker.pipe.recv()
        except (EOFError, OSError):
            return self._bury(worker)
        match message:
            case ("progress", trial, task, step, num_steps):
                on_progress(trial, task, step, num_steps)
                return None
            case ("done", measurements):
                job, worker.job = worker.job, None
                return JobResult(job, measurements)
            case ("refused", reason):
                raise StudyError(reason)
            case _:
                raise RuntimeError(f"training of trials {list(worker.job.trials)} failed in its worker:\n{message[1]}")

    def _bury(self, worker: _Worker) -> JobResult | None:
        job = worker.job
        assert job is not None
        self._deaths[job] += 1
        if self._deaths[job] < ATTEMPTS:
            self._replace(worker)
            return None
        worker.job = None
        self._replace(worker)
        return JobResult(job, tuple(_lost(job, member) for member in job.members))

    def _replace(self, worker: _Worker) -> None:
        """Start a new worker in the place of a dead one; its job goes back to the head of the queue."""
        if worker.job is not None:
            self._queue.appendleft(worker.job)
        worker.process.join()
        worker.pipe.close()
        fresh = self._start(worker.device)
        worker.process, worker.pipe, worker.job = fresh.process, fresh.pipe, None
        self._dispatch()


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


def _lost(job: Job, member: Member) -> Measurement:
    return Measurement.unfinished(member.seed, member.learning_rate, job.rung, Outcome.OUT_OF_MEMORY, job.task)


def _work(pipe: "Connection[Any, Any]", setup: Setup, device: str, num_threads: int) -> None:
    """The loop of a worker: jobs come in through the pipe, progress and results go out, until it breaks."""
    try:
        trainer = Trainer(setup, device, num_threads)
        while True:
            job = pipe.recv()
            assert isinstance(job, Job)
            measurements = trainer.train(job, lambda *progress: pipe.send(("progress", *progress)))
            pipe.send(("done", measurements))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except NasError as error:
        pipe.send(("refused", str(error)))
    except Exception:
        pipe.send(("failed", traceback.format_exc()))
