from itertools import chain, starmap

import numpy as np
import torch

from nas.proxy.training.data import STEPS_AT_ONCE, TrainBatches, ValidationBatches, as_tensors
from nas.tasks.language.text import TextTask
from nas.tasks.task import Batch
from tests.noise_task import NoiseTask


def same(left: tuple[torch.Tensor | None, ...], right: tuple[torch.Tensor | None, ...]) -> bool:
    return all(
        ours is theirs is None or (ours is not None and theirs is not None and torch.equal(ours, theirs))
        for ours, theirs in zip(left, right, strict=True)
    )


def test_stretches_have_the_batches_of_their_steps(task: TextTask) -> None:
    stretches = list(TrainBatches(task, 4, seed=5, steps=range(3, 23)))
    assert [len(stretch) for stretch in stretches] == [STEPS_AT_ONCE, 20 - STEPS_AT_ONCE]
    for step, given in enumerate(chain(*stretches), start=3):
        assert same(given, as_tensors(task.train_batch(step, 4, 5)))


def test_validation_is_the_whole_set_every_time(task: TextTask) -> None:
    batches = ValidationBatches(task, "cpu")
    first, again = list(batches), list(batches)
    assert sum(len(tokens) for tokens, _, _ in first) == 16
    assert all(starmap(same, zip(first, again, strict=True)))


def test_a_batch_keeps_its_context_or_has_none() -> None:
    for has_context in (False, True):
        batch = NoiseTask(has_context=has_context).train_batch(0, 2, 0)
        assert isinstance(batch, Batch)
        tokens, targets, context = as_tensors(batch)
        assert np.array_equal(tokens, batch.tokens) and np.array_equal(targets, batch.targets)
        assert np.array_equal(context, batch.context) if has_context else context is batch.context is None  # type: ignore[comparison-overlap]
        assert (batch.context is not None) == has_context
