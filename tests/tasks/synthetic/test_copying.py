"""Selective copying: every sequence obeys the definition, and reading it is enough to solve it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.errors import InputError
from nas.tasks.rng import Rng, Stream
from nas.tasks.synthetic.copying import CopyingSettings, copying_batch
from nas.tasks.task import IGNORED_TARGET


def solve(tokens: list[int], vocab_size: int) -> list[int]:
    """What is to be said at each place, read off the tokens."""
    blank, sign = vocab_size - 2, vocab_size - 1
    start = tokens.index(sign) + 1
    assert tokens[start:] == [blank] * len(tokens[start:])
    said = [token for token in tokens[: start - 1] if token != blank]
    return [IGNORED_TARGET] * start + said


@given(num_copied=st.integers(1, 20), spare=st.integers(0, 40), vocab_size=st.integers(4, 40))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_every_sequence_is_solved_by_reading_it(num_copied: int, spare: int, vocab_size: int) -> None:
    sizes = CopyingSettings(num_tokens=2 * num_copied + 1 + spare, num_copied=num_copied, vocab_size=vocab_size)
    batch = copying_batch(Rng(1, Stream.TRAIN, 0), 5, sizes)
    for tokens, targets in zip(batch.tokens.tolist(), batch.targets.tolist(), strict=True):
        assert solve(tokens, vocab_size) == targets
        assert sum(target != IGNORED_TARGET for target in targets) == num_copied


def test_every_place_is_equally_likely() -> None:
    sizes = CopyingSettings(num_tokens=13, num_copied=4, vocab_size=5)
    tokens = copying_batch(Rng(1, Stream.TRAIN, 0), 20_000, sizes).tokens[:, :8]
    shares = (tokens != 3).mean(axis=0).tolist()
    assert shares == pytest.approx([0.5] * 8, abs=0.017)  # 4.8 standard deviations


@pytest.mark.parametrize(
    ("options", "place"),
    [({"num_copied": 0}, "num_copied"), ({"num_tokens": 32}, "num_tokens"), ({"vocab_size": 3}, "vocab_size")],
)
def test_a_setting_out_of_range_is_an_error_that_names_it(options: dict[str, Any], place: str) -> None:
    with pytest.raises(InputError, match=rf"^task\.{place}: must be"):
        CopyingSettings(**options)
