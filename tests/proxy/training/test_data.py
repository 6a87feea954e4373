from itertools import starmap

import numpy as np
import pytest
import torch

from nas.proxy.training.data import STEPS_AT_ONCE, TrainBatches, ValidationBatches, as_tensors, steps_of
from nas.tasks.language.text import TextTask
from nas.tasks.task import Batch, Task
from tests.noise_task import NoiseTask


def same(left: tuple[torch.Tensor | None, ...], right: tuple[torch.Tensor | None, ...]) -> bool:
    return all(
        ours is theirs is None or (ours is not None and theirs is not None and torch.equal(ours, theirs))
        for ours, theirs in zip(left, right, strict=True)
    )


@pytest.mark.parametrize("drawn", [NoiseTask(has_context=True), NoiseTask(readout="mean")], ids=["context", "mean"])
def test_stretches_have_the_batches_of_their_steps(task: TextTask, drawn: Task) -> None:
    for source in (task, drawn):
        stretches = list(TrainBatches(source, 4, seed=5, steps=range(3, 23)))
        assert [len(tokens) for tokens, _, _ in stretches] == [STEPS_AT_ONCE, 20 - STEPS_AT_ONCE]
        batches = [batch for stretch in stretches for batch in steps_of(stretch)]
        for step, given in enumerate(batches, start=3):
            assert same(given, as_tensors(source.train_batch(step, 4, 5)))


def test_a_stretch_is_one_tensor_of_each_kind(task: TextTask) -> None:
    """One copy moves all of it, and what a step reads is contiguous."""
    (stretch,) = TrainBatches(task, 4, seed=5, steps=range(3))
    for kind, step in zip(stretch, list(steps_of(stretch))[2], strict=True):
        if kind is not None:
            assert step is not None and step.is_contiguous() and step.data_ptr() == kind[2].data_ptr()


def test_validation_is_the_whole_set_every_time(task: TextTask) -> None:
    batches = ValidationBatches(task, 1, "cpu")
    first, again = list(batches), list(batches)
    assert sum(len(tokens) for tokens, _, _ in first) == 16
    assert all(starmap(same, zip(first, again, strict=True)))


@pytest.mark.parametrize(
    ("device", "num_members", "at_once"), [("cpu", 1, 32), ("cpu", 64, 32), ("cuda", 1, 256), ("cuda:1", 64, 4)]
)
def test_on_a_gpu_a_batch_of_validation_is_smaller_for_more_members(
    device: str, num_members: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sequences of 128 tokens: on a CPU scores stay the same to the bit whichever cohort a member is in."""
    monkeypatch.setattr(NoiseTask, "validation_batches", lambda self, size: [self.train_batch(0, size, 0)])
    ((tokens, _, _),) = ValidationBatches(NoiseTask(num_tokens=128), num_members, device)
    assert len(tokens) == at_once


def test_a_batch_keeps_its_context_or_has_none() -> None:
    for has_context in (False, True):
        batch = NoiseTask(has_context=has_context).train_batch(0, 2, 0)
        assert isinstance(batch, Batch)
        tokens, targets, context = as_tensors(batch)
        assert np.array_equal(tokens, batch.tokens) and np.array_equal(targets, batch.targets)
        assert np.array_equal(context, batch.context) if has_context else context is batch.context is None  # type: ignore[comparison-overlap]
        assert (batch.context is not None) == has_context
