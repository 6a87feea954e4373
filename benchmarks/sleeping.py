"""A worker that sleeps instead of training; a module of its own, so that processes on a cluster can import it."""

import os
import time
from multiprocessing.connection import Connection
from typing import Any

from nas.results.measurement import Measurement, Outcome
from nas.search.executors.jobs import Job, JobResult, OnProgress, ProfileJob, Setup
from nas.search.executors.worker_process import serve


class Sleeper:
    """Sleeps as many milliseconds as a job has optimiser steps."""

    def run(self, job: Job | ProfileJob, on_progress: OnProgress) -> JobResult:
        """Sleep, and make up a measurement."""
        assert isinstance(job, Job)
        on_progress(job.trials[0], job.task, 0, job.rung)
        time.sleep(job.rung / 1000)
        measured = Measurement(
            seed=job.seed,
            learning_rate=1e-3,
            step=job.rung,
            outcome=Outcome.FINISHED,
            quality=1.0,
            train_loss=1.0,
            wall_seconds=job.rung / 1000,
            longer=(),
        )
        return JobResult(job, job.signed([measured], f"process {os.getpid()}"))


def sleep(
    pipe: "Connection[Any, Any]", lifeline: "Connection[Any, Any]", setup: Setup, device: str, num_threads: int
) -> None:
    """Passes for `nas.search.executors.worker_process.work`."""
    serve(pipe, lifeline, Sleeper)
