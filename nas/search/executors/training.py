"""Training one job: what every executor does in the end."""

from collections.abc import Callable
from dataclasses import replace

import torch

from nas.evaluation.checkpoint import CheckpointEvaluator
from nas.evaluation.evaluator import Evaluator
from nas.evaluation.scratch import ScratchEvaluator
from nas.evaluation.settings import CheckpointSettings
from nas.pretrained.decoder import Decoder
from nas.pretrained.tasks import TEXT, checkpoint_tasks
from nas.results.measurement import Measurement
from nas.search.executors.jobs import Job, OnProgress, Setup
from nas.tasks.catalog import make_task

MakeEvaluator = Callable[[str, int], Evaluator]
"""From the label of a task and the seed of its data."""


class Trainer:
    """Trains jobs of one study on one device.

    Args:
        setup: what all jobs have in common; data, and the checkpoint if there is one, are loaded once, here.
        device: cpu, cuda or cuda:N.
        num_threads: CPU threads that torch may use.
    """

    def __init__(self, setup: Setup, device: str, num_threads: int) -> None:
        torch.set_num_threads(num_threads)
        pretrained = isinstance(setup.evaluation, CheckpointSettings)
        self._evaluator = _in_checkpoint(setup, device) if pretrained else _from_scratch(setup, device)

    def train(self, job: Job, on_progress: OnProgress) -> tuple[Measurement, ...]:
        """One measurement a member, in the order of the job."""
        measurements = self._evaluator(job.task, job.seed).evaluate(
            job.members,
            job.rung,
            folders=job.folders,
            on_progress=lambda member, step, num_steps: on_progress(job.trials[member], job.task, step, num_steps),
        )
        return tuple(replace(measurement, task=job.task) for measurement in measurements)


def _from_scratch(setup: Setup, device: str) -> MakeEvaluator:
    tasks = {label: make_task(settings) for label, settings in setup.tasks.items()}
    return lambda task, seed: ScratchEvaluator(tasks[task], setup.proxy, setup.training, data_seed=seed, device=device)


def _in_checkpoint(setup: Setup, device: str) -> MakeEvaluator:
    evaluation = setup.evaluation
    assert isinstance(evaluation, CheckpointSettings) and setup.checkpoint is not None
    decoder = Decoder.load(setup.checkpoint, device=device)
    tasks = checkpoint_tasks(decoder, setup.tasks[TEXT], evaluation.needle_depths, evaluation.needle_sequences)
    return lambda task, seed: CheckpointEvaluator(decoder, tasks[task], evaluation, setup.training, data_seed=seed)
