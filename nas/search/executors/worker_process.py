"""The inside of a worker process: jobs come in through a pipe, progress and results go out."""

import os
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any, Protocol

from nas.errors import NasError
from nas.search.executors.jobs import Job, JobResult, OnProgress, ProfileJob, ProfileResult, Setup


class Runner(Protocol):
    """What runs the jobs of a worker one by one; the trainer of a device."""

    def run(self, job: Job | ProfileJob, on_progress: OnProgress) -> JobResult | ProfileResult:
        """Run a job."""
        ...


def work(
    pipe: "Connection[Any, Any]", lifeline: "Connection[Any, Any]", setup: Setup, device: str, num_threads: int
) -> None:
    """Train and profile on a device until the driver is gone.

    Args:
        pipe: to and from the driver.
        lifeline: see `serve`.
        setup: what all jobs have in common.
        device: cpu, cuda or cuda:N.
        num_threads: CPU threads that torch may use.
    """

    def trainer() -> Runner:
        from nas.search.executors.trainer import Trainer  # torch, which a driver of workers elsewhere never needs

        return Trainer(setup, device, num_threads)

    serve(pipe, lifeline, trainer)


def serve(pipe: "Connection[Any, Any]", lifeline: "Connection[Any, Any]", make_runner: Callable[[], Runner]) -> None:
    """Run jobs until the driver is gone.

    Messages out: ("progress", trial, task, step, number of steps), ("done", its result), ("refused", one line),
    ("defect", traceback).

    Args:
        pipe: to and from the driver.
        lifeline: nothing ever comes through it; it breaks when the driver dies, however that happens.
        make_runner: called once; what takes long to load is loaded there.
    """
    Thread(target=_end_with_driver, args=(lifeline,), daemon=True).start()
    try:
        runner = make_runner()
        while True:
            job = pipe.recv()
            assert isinstance(job, Job | ProfileJob)
            pipe.send(("done", runner.run(job, lambda *progress: pipe.send(("progress", *progress)))))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except NasError as error:
        pipe.send(("refused", str(error)))
    except Exception:  # while the trainer was made: a defect of nas, not of a pattern
        pipe.send(("defect", traceback.format_exc()))


def _end_with_driver(lifeline: "Connection[Any, Any]") -> None:
    """End at once with the driver, also in the midst of a job: an orphan would hold its device for nothing."""
    lifeline.poll(None)
    os._exit(1)
