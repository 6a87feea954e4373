"""A task's batches as Lightning asks for them."""

from collections.abc import Iterator

from torch import Tensor

from nas.tasks.task import Batch, Task

Parts = tuple[Tensor, Tensor, Tensor | None]
"""Tokens, targets and context of a batch; unlike a frozen `Batch`, Lightning can move them to a device."""


def parts(batch: Batch) -> Parts:
    """The batch as Lightning takes it."""
    return batch.tokens, batch.targets, batch.context


class TrainBatches:
    """The batches of some steps.

    Args:
        task: where the batches come from.
        batch_size: sequences a step.
        seed: seed of the data stream.
        steps: which.
    """

    def __init__(self, task: Task, batch_size: int, seed: int, steps: range) -> None:
        self._task, self._batch_size, self._seed, self._steps = task, batch_size, seed, steps

    def __iter__(self) -> Iterator[Parts]:
        for step in self._steps:
            yield parts(self._task.train_batch(step, self._batch_size, self._seed))


class ValidationBatches:
    """The whole validation set, at every `iter` again.

    Args:
        task: where the batches come from.
        batch_size: sequences at once.
    """

    def __init__(self, task: Task, batch_size: int) -> None:
        self._task, self._batch_size = task, batch_size

    def __iter__(self) -> Iterator[Parts]:
        yield from map(parts, self._task.validation_batches(self._batch_size))
