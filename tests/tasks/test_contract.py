"""What every task promises. A new task joins by a line in CHANGED."""

import subprocess
import sys
from typing import Any

import pytest
import torch

from nas.tasks.catalog import TASKS, make_task
from nas.tasks.task import IGNORED_TARGET, Task

CHANGED: dict[str, list[dict[str, Any]]] = {
    "text": [{"num_tokens": 64}, {"validation_share": 0.1}, {"validation_sequences": 100}, {"path": __file__}],
    "recall": [{"num_tokens": 64}, {"num_pairs": 4}, {"vocab_size": 128}, {"gap_power": 1.0}, {"random_filler": True}],
}
"""Per task: settings that change the data."""


@pytest.fixture(scope="module", params=TASKS)
def task(request: pytest.FixtureRequest) -> Task:
    return make_task(TASKS[request.param]())


def test_batches_have_the_promised_shapes_and_contents(task: Task) -> None:
    for batch in (task.train_batch(3, 5, seed=1), next(task.validation_batches(5))):
        assert batch.tokens.shape == batch.targets.shape == (5, task.num_tokens)
        assert batch.tokens.dtype == batch.targets.dtype == torch.int64
        assert batch.tokens.is_contiguous() and batch.targets.is_contiguous()
        assert batch.tokens.min() >= 0 and batch.tokens.max() < task.vocab_size
        scored = batch.targets[batch.targets != IGNORED_TARGET]
        assert len(scored) > 0
        assert scored.min() >= 0 and scored.max() < task.vocab_size


def test_training_batches_are_a_pure_function_of_seed_and_step(task: Task) -> None:
    first = task.train_batch(4, 3, seed=2)
    task.train_batch(5, 3, seed=2)
    again = task.train_batch(4, 3, seed=2)
    assert torch.equal(first.tokens, again.tokens) and torch.equal(first.targets, again.targets)
    assert not torch.equal(first.tokens, task.train_batch(5, 3, seed=2).tokens)
    assert not torch.equal(first.tokens, task.train_batch(4, 3, seed=3).tokens)


def test_validation_is_always_the_same_however_it_is_batched(task: Task) -> None:
    def everything(batch_size: int) -> tuple[torch.Tensor, torch.Tensor]:
        batches = list(task.validation_batches(batch_size))
        assert all(len(batch.tokens) == batch_size for batch in batches[:-1])
        return torch.cat([batch.tokens for batch in batches]), torch.cat([batch.targets for batch in batches])

    for one, other in zip(everything(64), everything(100), strict=True):
        assert torch.equal(one, other)


def test_no_validation_sequence_is_trained_on(task: Task) -> None:
    held_out = {tuple(row) for batch in task.validation_batches(512) for row in batch.tokens.tolist()}
    trained = {tuple(row) for step in range(20) for row in task.train_batch(step, 512, seed=0).tokens.tolist()}
    assert not held_out & trained


def test_a_perfect_model_beats_chance(task: Task) -> None:
    perfect = task.quality(loss=0.0, accuracy=1.0)
    assert perfect < task.chance if task.metric.direction == "minimize" else perfect > task.chance


def test_fingerprints_are_the_same_in_another_process() -> None:
    program = "from nas.tasks.catalog import *\nfor name in TASKS: print(make_task(TASKS[name]()).fingerprint)"
    there = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert there == [make_task(TASKS[name]()).fingerprint for name in TASKS]


@pytest.mark.parametrize(("name", "change"), [(name, change) for name in TASKS for change in CHANGED[name]])
def test_the_fingerprint_changes_with_the_data(name: str, change: dict[str, Any]) -> None:
    assert make_task(TASKS[name]()).fingerprint != make_task(TASKS[name](**change)).fingerprint
