"""What generated tasks do alike, with one that asks for the sum of two digits."""

import numpy as np
import pytest

from nas.errors import InputError
from nas.tasks.generated import GeneratedSettings, GeneratedTask
from nas.tasks.rng import Rng
from nas.tasks.task import IGNORED_TARGET, Batch


class SumTask(GeneratedTask[GeneratedSettings]):
    name, num_tokens, vocab_size, chance = "sum", 2, 10, 0.1
    modulus = 10

    def longer(self, times: int) -> None:
        return None

    def _draw(self, rng: Rng, batch_size: int) -> Batch:
        tokens = rng.integers(10, batch_size, 2)
        targets = np.full_like(tokens, IGNORED_TARGET)
        targets[:, 1] = tokens.sum(axis=1) % self.modulus
        return Batch(tokens, targets)


class ChangedSumTask(SumTask):
    modulus = 9


def test_validation_has_the_size_that_is_asked_for_and_a_stream_of_its_own() -> None:
    task = SumTask(GeneratedSettings(validation_sequences=30))
    held_out = np.concatenate([batch.tokens for batch in task.validation_batches(16)])
    assert held_out.shape == (30, 2)
    assert not np.array_equal(held_out, task.train_batch(0, 30, seed=0).tokens)


def test_a_changed_generator_or_setting_changes_the_fingerprint() -> None:
    tasks = [SumTask(GeneratedSettings()), ChangedSumTask(GeneratedSettings()), SumTask(GeneratedSettings(name="x"))]
    assert len({task.fingerprint for task in tasks}) == 3
    assert SumTask(GeneratedSettings()).fingerprint == tasks[0].fingerprint


def test_quality_is_the_share_of_right_answers() -> None:
    assert SumTask(GeneratedSettings()).quality(loss=2.0, accuracy=0.75) == 0.75


def test_no_validation_is_refused() -> None:
    with pytest.raises(InputError, match=r"^task\.validation_sequences: must be 1 or more, got 0\.$"):
        GeneratedSettings(validation_sequences=0)
