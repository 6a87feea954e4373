"""A task's batches in the form that Lightning iterates over."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from nas.tasks.task import Batch, Task

Tensors = tuple[Tensor, Tensor, Tensor | None]
"""Tokens, targets and context of a batch, as tensors that Lightning can move to a device."""

STEPS_AT_ONCE = 16
"""Most optimiser steps between two returns to Lightning's loop; their batches travel to a GPU together."""

VALIDATION_TOKENS = 4096
"""Tokens of a batch in validation on a CPU, about: what takes the least time for each."""

VALIDATION_PLACES = 32_768
"""Tokens times members of a batch in validation on a GPU, about; not measured yet. Enough to fill it, and few enough
that scoring takes less memory than training, but for proxies so small that neither matters."""


def as_tensors(batch: Batch, device: torch.device | str = "cpu") -> Tensors:
    """The arrays of a batch as tensors, which share their memory on a CPU."""
    tokens, targets = (torch.from_numpy(ids).to(device) for ids in (batch.tokens, batch.targets))
    context = None if batch.context is None else torch.from_numpy(batch.context).to(device)
    return tokens, targets, context


def stretch(batches: Sequence[Tensors]) -> Tensors:
    """The batches of some steps, one after the other along a new first axis: one copy to a device moves all of a kind.

    Args:
        batches: of equal shapes; all have a context, or none has.
    """
    contexts = [context for _, _, context in batches if context is not None]
    return (
        torch.stack([tokens for tokens, _, _ in batches]),
        torch.stack([targets for _, targets, _ in batches]),
        torch.stack(contexts) if contexts else None,
    )


def steps_of(stretch: Tensors) -> Iterator[Tensors]:
    """The batches of a stretch, step by step: views of it."""
    tokens, targets, contexts = stretch
    for step in range(len(tokens)):
        yield tokens[step], targets[step], None if contexts is None else contexts[step]


class TrainBatches:
    """The training batches of a range of steps, a stretch at a time: Lightning's own work is done once for it.

    Args:
        task: where the batches come from.
        batch_size: sequences a step.
        seed: seed of the data stream.
        steps: the optimiser steps, from 0.
    """

    def __init__(self, task: Task, batch_size: int, seed: int, steps: range) -> None:
        self._task, self._batch_size, self._seed, self._steps = task, batch_size, seed, steps

    def __iter__(self) -> Iterator[Tensors]:
        for first in range(0, len(self._steps), STEPS_AT_ONCE):
            steps = self._steps[first : first + STEPS_AT_ONCE]
            yield stretch([as_tensors(self._task.train_batch(step, self._batch_size, self._seed)) for step in steps])


class ValidationBatches:
    """The whole validation set, in batches of about as many tokens as suit a device; every `iter` starts it over.

    Args:
        task: where the batches come from.
        num_members: of the cohort that reads them.
        device: cpu, cuda or cuda:N.
    """

    def __init__(self, task: Task, num_members: int, device: str) -> None:
        on_cpu = torch.device(device).type == "cpu"
        tokens = VALIDATION_TOKENS if on_cpu else VALIDATION_PLACES // num_members
        self._task, self._batch_size = task, max(1, tokens // task.num_tokens)

    def __iter__(self) -> Iterator[Tensors]:
        yield from map(as_tensors, self._task.validation_batches(self._batch_size))
