"""Fuzzy recall: every sequence obeys the definition, and reading it is enough to solve it."""

from itertools import groupby
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.errors import InputError
from nas.tasks.rng import Rng, Stream
from nas.tasks.synthetic.fuzzy_recall import FuzzyRecallSettings, fuzzy_recall_batch
from nas.tasks.task import IGNORED_TARGET


def kind_of(token: int, vocab_size: int) -> str:
    if token == vocab_size - 1:
        return "padding"
    return "key" if token < (vocab_size - 1) // 2 else "value"


def solve(tokens: list[int], vocab_size: int) -> list[int]:
    """What is to be said at each place: keys and values are told apart by their tokens."""
    runs = [(kind, tuple(run)) for kind, run in groupby(tokens, lambda token: kind_of(token, vocab_size))]
    if runs[0][0] == "padding":
        runs = runs[1:]
    assert [kind for kind, _ in runs] == ["key", "value"] * (len(runs) // 2) + ["key"] * (len(runs) % 2)
    place = len(tokens) - sum(len(run) for _, run in runs)
    value_of: dict[tuple[int, ...], tuple[int, ...]] = {}
    said = [IGNORED_TARGET] * (len(tokens) + 1)
    for (_, key), (_, value) in zip(runs[::2], [*runs[1::2], ("value", ())], strict=False):
        place += len(key)
        known = value_of.get(key, ())
        said[place - 1 : place - 1 + len(known)] = known
        place += len(value)
        value_of.setdefault(key, value)
    return said[: len(tokens)]


def check_motifs(tokens: list[int], sizes: FuzzyRecallSettings) -> None:
    for _, run in groupby(tokens[:-1], lambda token: kind_of(token, sizes.vocab_size)):
        motif = list(run)
        if motif[0] != sizes.vocab_size - 1:
            assert len(motif) == len(set(motif)) <= sizes.motif_tokens


@given(motif_tokens=st.integers(1, 5), spare=st.integers(0, 80), spare_vocab=st.integers(0, 30))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_every_sequence_is_solved_by_reading_it(motif_tokens: int, spare: int, spare_vocab: int) -> None:
    sizes = FuzzyRecallSettings(
        num_tokens=4 * motif_tokens + spare,
        vocab_size=max(5, 2 * motif_tokens + 1) + spare_vocab,
        motif_tokens=motif_tokens,
    )
    batch = fuzzy_recall_batch(Rng(1, Stream.TRAIN, 0), 5, sizes)
    for tokens, targets in zip(batch.tokens.tolist(), batch.targets.tolist(), strict=True):
        check_motifs(tokens, sizes)
        assert targets[-1] != IGNORED_TARGET
        assert solve(tokens, sizes.vocab_size) == targets


def test_all_lengths_of_keys_occur() -> None:
    sizes = FuzzyRecallSettings()
    lengths = set()
    for tokens in fuzzy_recall_batch(Rng(1, Stream.TRAIN, 0), 20, sizes).tokens.tolist():
        runs = groupby(tokens, lambda token: kind_of(token, sizes.vocab_size))
        lengths |= {len(list(run)) for kind, run in runs if kind == "key"}
    assert lengths == {1, 2, 3}


@pytest.mark.parametrize(
    ("options", "place"),
    [({"motif_tokens": 0}, "motif_tokens"), ({"num_tokens": 11}, "num_tokens"), ({"vocab_size": 6}, "vocab_size")],
)
def test_a_setting_out_of_range_is_an_error_that_names_it(options: dict[str, Any], place: str) -> None:
    with pytest.raises(InputError, match=rf"^task\.{place}: must be"):
        FuzzyRecallSettings(**options)
