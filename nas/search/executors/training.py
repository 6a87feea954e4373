"""Training one job: what every executor does in the end."""

from dataclasses import replace

import torch

from nas.evaluation.measurement import Measurement
from nas.evaluation.scratch import ScratchEvaluator
from nas.search.jobs import Job, OnProgress, Setup
from nas.tasks.catalog import make_task


class Trainer:
    """Trains jobs of one study on one device.

    Args:
        setup: what all jobs have in common; the data of every task is loaded once, here.
        device: cpu, cuda or cuda:N.
        num_threads: CPU threads that torch may use.
    """

    def __init__(self, setup: Setup, device: str, num_threads: int) -> None:
        torch.set_num_threads(num_threads)
        self._setup, self._device = setup, device
        self._tasks = {label: make_task(settings) for label, settings in setup.tasks.items()}

    def train(self, job: Job, on_progress: OnProgress) -> tuple[Measurement, ...]:
        """One measurement a member, in the order of the job."""
        evaluator = ScratchEvaluator(
            self._tasks[job.task], self._setup.proxy, self._setup.training, data_seed=job.seed, device=self._device
        )
        measurements = evaluator.evaluate(
            job.members,
            job.rung,
            folders=job.folders,
            on_progress=lambda member, step, num_steps: on_progress(job.trials[member], job.task, step, num_steps),
        )
        return tuple(replace(measurement, task=job.task) for measurement in measurements)
