"""A task's batches in the form that Lightning iterates over."""

from collections.abc import Iterator

import torch
from torch import Tensor

from nas.tasks.task import Batch, Task

Tensors = tuple[Tensor, Tensor, Tensor | None]
"""Tokens, targets and context of a batch, as tensors that Lightning can move to a device."""


def as_tensors(batch: Batch, device: torch.device | str = "cpu") -> Tensors:
    """The arrays of a batch as tensors, which share their memory on a CPU."""
    tokens, targets = (torch.from_numpy(ids).to(device) for ids in (batch.tokens, batch.targets))
    context = None if batch.context is None else torch.from_numpy(batch.context).to(device)
    return tokens, targets, context


class TrainBatches:
    """The training batches of a range of steps.

    Args:
        task: where the batches come from.
        batch_size: sequences a step.
        seed: seed of the data stream.
        steps: the optimiser steps, from 0.
    """

    def __init__(self, task: Task, batch_size: int, seed: int, steps: range) -> None:
        self._task, self._batch_size, self._seed, self._steps = task, batch_size, seed, steps

    def __iter__(self) -> Iterator[Tensors]:
        for step in self._steps:
            yield as_tensors(self._task.train_batch(step, self._batch_size, self._seed))


class ValidationBatches:
    """The whole validation set; every `iter` starts it over.

    Args:
        task: where the batches come from.
        batch_size: sequences in a batch.
    """

    def __init__(self, task: Task, batch_size: int) -> None:
        self._task, self._batch_size = task, batch_size

    def __iter__(self) -> Iterator[Tensors]:
        yield from map(as_tensors, self._task.validation_batches(self._batch_size))
