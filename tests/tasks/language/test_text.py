"""The text task in bits per byte, and its masked form."""

import math

import numpy as np
import pytest

from nas.errors import InputError
from nas.tasks.language.text import MASK, MaskedTextTask, TextSettings, TextTask
from nas.tasks.task import IGNORED_TARGET


def test_masked_bytes_are_the_only_ones_hidden_and_asked_for(counting: str) -> None:
    settings = TextSettings(path=counting, num_tokens=40, prediction="masked", masked_share=0.2)
    task = MaskedTextTask(settings)
    plain = TextTask(TextSettings(path=counting, num_tokens=40))
    for batch, whole in (
        (task.train_batch(3, 50, seed=1), plain.train_batch(3, 50, seed=1)),
        (next(task.validation_batches(40)), next(plain.validation_batches(40))),
    ):
        hidden = batch.tokens == MASK
        assert (hidden.sum(axis=1) == 8).all()
        assert np.array_equal(hidden, batch.targets != IGNORED_TARGET)
        assert np.array_equal(np.where(hidden, batch.targets, batch.tokens), whole.tokens)
        assert hidden.any(axis=0).all()
    assert not task.causal and task.vocab_size == 257 and batch.context is None


def test_one_byte_is_hidden_at_least(counting: str) -> None:
    task = MaskedTextTask(TextSettings(path=counting, num_tokens=4, prediction="masked", masked_share=0.01))
    assert ((task.train_batch(0, 20, seed=0).tokens == MASK).sum(axis=1) == 1).all()


def test_quality_is_bits_per_byte(counting: str) -> None:
    task = TextTask(TextSettings(path=counting, num_tokens=16))
    assert task.quality(loss=math.log(256), accuracy=0.0) == pytest.approx(task.chance)
    assert task.quality(loss=math.log(2), accuracy=0.9) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("num_tokens", 1),
        ("validation_share", 0.0),
        ("validation_share", 1.0),
        ("validation_sequences", 0),
        ("masked_share", 0.0),
        ("masked_share", 1.0),
    ],
)
def test_a_setting_out_of_range_is_an_error_that_names_it(option: str, value: float) -> None:
    with pytest.raises(InputError, match=rf"^task\.{option}: must be .* got {value}\."):
        TextSettings(**{option: value})  # type: ignore[arg-type]


def test_an_unknown_prediction_is_an_error_that_names_the_known() -> None:
    with pytest.raises(InputError, match=r"^task\.prediction: unknown name; allowed: next, masked"):
        TextSettings(prediction="last")  # type: ignore[arg-type]
