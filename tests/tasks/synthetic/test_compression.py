"""Compression: every token but the last is its own target."""

from typing import Any

import pytest

from nas.errors import InputError
from nas.tasks.synthetic.compression import CompressionSettings, CompressionTask
from nas.tasks.task import IGNORED_TARGET


def test_every_token_but_the_last_is_to_be_said_again() -> None:
    task = CompressionTask(CompressionSettings(num_tokens=20, vocab_size=9))
    batch = task.train_batch(0, 50, seed=0)
    for tokens, targets in zip(batch.tokens.tolist(), batch.targets.tolist(), strict=True):
        assert tokens[-1] == 8 and targets[-1] == IGNORED_TARGET
        assert targets[:-1] == tokens[:-1] and max(tokens[:-1]) < 8


def test_all_is_said_from_the_last_state() -> None:
    assert CompressionTask(CompressionSettings()).readout == "last"


@pytest.mark.parametrize(("option", "value"), [("num_tokens", 1), ("vocab_size", 2), ("validation_sequences", 0)])
def test_a_setting_out_of_range_is_an_error_that_names_it(option: str, value: Any) -> None:
    with pytest.raises(InputError, match=rf"^task\.{option}: must be .* got {value}\."):
        CompressionSettings(**{option: value})
