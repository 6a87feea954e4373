"""The trainer of one device, which runs jobs one by one, and the executor of a study that has only one device."""

from collections import deque

import torch
from msgspec.structs import replace

from nas.evaluation.evaluator import evaluators
from nas.results.measurement import Measurement
from nas.search.executors.jobs import Job, JobResult, OnProgress, Setup


class Trainer:
    """Trains jobs of one study on one device.

    Args:
        setup: what all jobs have in common; data, and the checkpoint if there is one, are loaded once, here.
        device: cpu, cuda or cuda:N.
        num_threads: CPU threads that torch may use.
    """

    def __init__(self, setup: Setup, device: str, num_threads: int) -> None:
        torch.set_num_threads(num_threads)
        self._evaluator = evaluators(
            setup.evaluation,
            checkpoint=setup.checkpoint,
            tasks=setup.tasks,
            proxy=setup.proxy,
            training=setup.training,
            device=device,
        )

    def train(self, job: Job, on_progress: OnProgress) -> tuple[Measurement, ...]:
        """One measurement per member, in the order of the job."""
        measurements = self._evaluator(job.task, job.seed).evaluate(
            job.members,
            job.rung,
            folders=job.folders,
            on_progress=lambda member, step, num_steps: on_progress(job.trials[member], job.task, step, num_steps),
        )
        return tuple(replace(measurement, task=job.task) for measurement in measurements)


class InlineExecutor:
    """Trains a job in the driver's own process when its result is requested; easy to debug.

    Args:
        trainer: runs the jobs.
    """

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._queue: deque[Job] = deque()

    def submit(self, job: Job) -> None:
        """Queue a job."""
        self._queue.append(job)

    def next_result(self, on_progress: OnProgress) -> JobResult:
        """Train the oldest job."""
        job = self._queue.popleft()
        return JobResult(job, self._trainer.train(job, on_progress))

    def close(self) -> None:
        """Nothing runs between calls."""
