import torch

from nas.proxy.data import TrainBatches, ValidationBatches
from nas.tasks.text import TextTask


def test_a_stretch_goes_from_where_training_stands_to_the_next_check(task: TextTask) -> None:
    step = 2
    batches = TrainBatches(task, 4, seed=5, checks=(3, 6), position=lambda: step)
    assert len(list(batches)) == 1
    step = 3
    stretch = list(batches)
    assert len(stretch) == 3
    for offset, (tokens, targets) in enumerate(stretch):
        expected = task.train_batch(3 + offset, 4, 5)
        assert torch.equal(tokens, expected.tokens) and torch.equal(targets, expected.targets)
    step = 6
    assert list(batches) == []


def test_validation_is_the_whole_set_every_time(task: TextTask) -> None:
    batches = ValidationBatches(task, 5)
    first, again = list(batches), list(batches)
    assert sum(len(tokens) for tokens, _ in first) == 16
    assert all(torch.equal(a[0], b[0]) for a, b in zip(first, again, strict=True))
