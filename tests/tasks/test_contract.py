"""What every task promises. A new task joins by lines in VARIANTS and CHANGED."""

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from nas.tasks.catalog import TASKS, TaskSettings, make_task
from nas.tasks.task import IGNORED_TARGET, Batch, Ids, Task

VARIANTS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in TASKS),
    ("text", {"prediction": "masked"}),
    ("recall", {"random_filler": True}),
    ("image", {"source": "shapes"}),
    ("image", {"source": "pathfinder"}),
    ("image", {"prediction": "next"}),
]
"""The tasks in all the forms that differ in more than sizes."""

CHANGED: dict[str, list[dict[str, Any]]] = {
    "text": [
        {"num_tokens": 64},
        {"validation_share": 0.1},
        {"validation_sequences": 100},
        {"path": __file__},
        {"prediction": "masked"},
    ],
    "tokens": [{"num_tokens": 64}, {"validation_share": 0.1}, {"validation_sequences": 5}],
    "recall": [{"num_tokens": 64}, {"num_pairs": 4}, {"vocab_size": 128}, {"gap_power": 1.0}, {"random_filler": True}],
    "noisy_recall": [{"num_tokens": 64}, {"vocab_size": 48}, {"num_noise_tokens": 8}, {"noise_share": 0.4}],
    "fuzzy_recall": [{"num_tokens": 64}, {"vocab_size": 32}, {"motif_tokens": 2}],
    "copying": [{"num_tokens": 64}, {"vocab_size": 32}, {"num_copied": 8}],
    "compression": [{"num_tokens": 64}, {"vocab_size": 32}],
    "listops": [{"num_tokens": 32}, {"max_depth": 3}, {"max_arguments": 4}],
    "image": [
        {"source": "shapes"},
        {"source": "pathfinder"},
        {"prediction": "next"},
        {"validation_sequences": 100},
    ],
}
"""Per task: settings that change the data."""


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda variant: "-".join(map(str, [variant[0], *variant[1]])))
def settings(request: pytest.FixtureRequest, make_settings) -> TaskSettings:
    name, options = request.param
    return make_settings(name, **options)


@pytest.fixture(scope="module")
def task(settings: TaskSettings) -> Task:
    return make_task(settings)


def rows(batches: list[Batch]) -> set[tuple[int, ...]]:
    return {tuple(row) for batch in batches for row in batch.tokens.tolist()}


def test_batches_have_the_promised_shapes_and_contents(task: Task) -> None:
    for batch in (task.train_batch(3, 5, seed=1), next(task.validation_batches(5))):
        assert batch.tokens.shape == (5, task.num_tokens)
        assert batch.targets.shape == ((5,) if task.readout == "mean" else (5, task.num_tokens))
        assert batch.tokens.dtype == batch.targets.dtype == np.int64
        assert batch.tokens.flags.c_contiguous and batch.targets.flags.c_contiguous
        assert batch.tokens.min() >= 0 and batch.tokens.max() < task.vocab_size
        scored = batch.targets[batch.targets != IGNORED_TARGET]
        assert len(scored) > 0
        assert scored.min() >= 0 and scored.max() < task.vocab_size
        if batch.context is not None:
            assert batch.context.shape == batch.tokens.shape and batch.context.dtype == np.int64


def test_a_grid_has_a_place_for_every_token(task: Task) -> None:
    assert task.grid is None or math.prod(task.grid) == task.num_tokens


def test_training_batches_are_a_pure_function_of_seed_and_step(task: Task) -> None:
    first = task.train_batch(4, 3, seed=2)
    task.train_batch(5, 3, seed=2)
    again = task.train_batch(4, 3, seed=2)
    assert np.array_equal(first.tokens, again.tokens) and np.array_equal(first.targets, again.targets)
    assert first.context is None or np.array_equal(first.context, again.context)
    assert not np.array_equal(first.tokens, task.train_batch(5, 3, seed=2).tokens)
    assert not np.array_equal(first.tokens, task.train_batch(4, 3, seed=3).tokens)


def test_validation_is_always_the_same_however_it_is_batched(task: Task) -> None:
    def everything(batch_size: int) -> tuple[Ids, Ids]:
        batches = list(task.validation_batches(batch_size))
        assert all(len(batch.tokens) == batch_size for batch in batches[:-1])
        return np.concatenate([batch.tokens for batch in batches]), np.concatenate([batch.targets for batch in batches])

    for one, other in zip(everything(64), everything(100), strict=True):
        assert np.array_equal(one, other)


def test_no_validation_sequence_is_trained_on(task: Task) -> None:
    held_out = rows(list(task.validation_batches(512)))
    assert len(held_out) > 1
    assert held_out.isdisjoint(rows([task.train_batch(step, 256, seed=0) for step in range(16)]))


def test_a_perfect_model_beats_chance(task: Task) -> None:
    perfect = task.quality(loss=0.0, accuracy=1.0)
    assert perfect < task.chance if task.metric.direction == "minimize" else perfect > task.chance


def test_chance_is_what_guessing_among_all_answers_scores(task: Task) -> None:
    batch = task.train_batch(0, 2000, seed=0)
    answers = np.unique(batch.targets[batch.targets != IGNORED_TARGET])
    num_answers = 256 if task.name == "text" else len(answers)  # no text holds all bytes
    guess = task.quality(loss=math.log(num_answers), accuracy=1 / num_answers)
    assert guess == pytest.approx(task.chance)


@pytest.mark.parametrize("times", [2, 4])
def test_the_longer_task_is_the_same_but_for_its_length(task: Task, times: int) -> None:
    longer = task.longer(times)
    if longer is None:
        assert task.name in ("compression", "listops", "image")
        return
    assert longer.num_tokens == times * task.num_tokens
    assert longer.fingerprint != task.fingerprint
    same = ("name", "vocab_size", "causal", "metric", "readout", "grid", "chance", "corpus_fingerprint")
    assert all(getattr(longer, field) == getattr(task, field) for field in same)
    batch = next(longer.validation_batches(3))
    assert batch.tokens.shape == batch.targets.shape == (3, longer.num_tokens)
    assert task.train_batch(0, 2, seed=0).tokens.shape == (2, task.num_tokens)


@pytest.fixture(scope="session")
def fingerprints_elsewhere(make_settings) -> dict[str, str]:
    """What another process makes of all variants, by their settings."""
    variants = [repr(make_settings(name, **options)) for name, options in VARIANTS]
    program = f"from nas.tasks.catalog import *\nfor it in [{', '.join(variants)}]: print(make_task(it).fingerprint)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return dict(zip(variants, done.stdout.split(), strict=True))


def test_fingerprints_are_the_same_in_another_process(
    settings: TaskSettings, fingerprints_elsewhere: dict[str, str]
) -> None:
    assert fingerprints_elsewhere[repr(settings)] == make_task(settings).fingerprint


@pytest.mark.parametrize(("name", "change"), [(name, change) for name in TASKS for change in CHANGED[name]])
def test_the_fingerprint_changes_with_the_data(name: str, change: dict[str, Any], make_settings) -> None:
    assert make_task(make_settings(name)).fingerprint != make_task(make_settings(name, **change)).fingerprint
