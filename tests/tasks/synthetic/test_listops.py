"""ListOps: every sequence is a list of the grammar, and its value is the target."""

import statistics
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.errors import InputError
from nas.tasks.rng import Rng, Stream
from nas.tasks.synthetic.listops import PAD, START, VOCABULARY, ListopsSettings, listops_batch
from nas.tasks.task import IGNORED_TARGET

WORTH = {
    "[MIN": min,
    "[MAX": max,
    "[MED": lambda digits: int(statistics.median(digits)),
    "[SM": lambda digits: sum(digits) % 10,
}


def read_list(words: list[str], depth: int, sizes: ListopsSettings) -> int:
    """Take one list off the front of the words and work it out; checks the grammar on the way."""
    assert 1 <= depth <= sizes.max_depth
    worth: Any = WORTH[words.pop(0)]
    arguments = []
    while words[0] != "]":
        arguments.append(read_list(words, depth + 1, sizes) if words[0] in WORTH else int(words.pop(0)))
    words.pop(0)
    assert 2 <= len(arguments) <= sizes.max_arguments
    return worth(arguments)


def solve(tokens: list[int], sizes: ListopsSettings) -> int:
    words = [VOCABULARY[token] for token in tokens]
    assert words.pop(0) == "start"
    value = read_list(words, 1, sizes)
    assert set(words) <= {"pad"}
    return value


@given(num_tokens=st.integers(8, 80), max_depth=st.integers(1, 10), max_arguments=st.integers(2, 10))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_every_sequence_is_solved_by_reading_it(num_tokens: int, max_depth: int, max_arguments: int) -> None:
    sizes = ListopsSettings(num_tokens=num_tokens, max_depth=max_depth, max_arguments=max_arguments)
    batch = listops_batch(Rng(1, Stream.TRAIN, 0), 4, sizes)
    for tokens, targets in zip(batch.tokens.tolist(), batch.targets.tolist(), strict=True):
        assert targets == [solve(tokens, sizes), *[IGNORED_TARGET] * (num_tokens - 1)]


def test_a_list_known_by_hand() -> None:
    words = ["start", "[MIN", "3", "4", "[MAX", "1", "2", "]", "]", "pad"]
    tokens = [VOCABULARY.index(word) for word in words]
    assert (tokens[0], tokens[-1]) == (START, PAD)
    assert solve(tokens, ListopsSettings()) == 2


def test_the_settings_are_used_to_the_full() -> None:
    sizes = ListopsSettings()
    tokens = listops_batch(Rng(1, Stream.TRAIN, 0), 2000, sizes).tokens
    lengths = (tokens != PAD).sum(axis=1)
    assert lengths.max() == sizes.num_tokens and np.median(lengths) > sizes.num_tokens / 3
    assert np.unique(tokens).tolist() == list(range(len(VOCABULARY)))


def test_the_baselines_of_the_documentation() -> None:
    batch = listops_batch(Rng(0, Stream.TRAIN, 0), 20_000, ListopsSettings())
    values, roots = batch.targets[:, 0], batch.tokens[:, 1]
    assert np.bincount(values).max() / 20_000 == pytest.approx(0.115, abs=0.01)
    by_root = sum(np.bincount(values[roots == root]).max() for root in range(10, 14))
    assert by_root / 20_000 == pytest.approx(0.244, abs=0.013)  # 4.2 standard deviations


@pytest.mark.parametrize(
    ("option", "value"), [("num_tokens", 7), ("max_depth", 0), ("max_depth", 11), ("max_arguments", 1)]
)
def test_a_setting_out_of_range_is_an_error_that_names_it(option: str, value: Any) -> None:
    with pytest.raises(InputError, match=rf"^task\.{option}: must be .* got {value}\."):
        ListopsSettings(**{option: value})
