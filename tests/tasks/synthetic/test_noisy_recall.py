"""Noisy recall: every sequence obeys the definition, and reading it is enough to solve it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.errors import InputError
from nas.tasks.rng import Rng, Stream
from nas.tasks.synthetic.noisy_recall import NoisyRecallSettings, noisy_recall_batch
from nas.tasks.task import IGNORED_TARGET


def solve(tokens: list[int], sizes: NoisyRecallSettings) -> list[int]:
    """What is to be said at each place, from the tokens up to it alone."""
    num_keys = (sizes.vocab_size - sizes.num_noise_tokens) // 2
    first_noise = sizes.vocab_size - sizes.num_noise_tokens
    value_of: dict[int, int] = {}
    said = [IGNORED_TARGET] * len(tokens)
    for place in range(0, len(tokens), 2):
        key, value = tokens[place : place + 2]
        if key >= first_noise:
            assert value >= first_noise
            continue
        assert key < num_keys <= value < first_noise
        said[place] = value_of.get(key, IGNORED_TARGET)
        value_of[key] = value
    return said


@given(
    num_pairs=st.integers(2, 40),
    keys_and_values=st.integers(4, 40),
    num_noise_tokens=st.integers(1, 20),
    noise_share=st.sampled_from([0.0, 0.2, 0.9]),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_every_sequence_is_solved_by_reading_it(
    num_pairs: int, keys_and_values: int, num_noise_tokens: int, noise_share: float
) -> None:
    sizes = NoisyRecallSettings(
        num_tokens=2 * num_pairs,
        vocab_size=keys_and_values + num_noise_tokens,
        num_noise_tokens=num_noise_tokens,
        noise_share=noise_share,
    )
    batch = noisy_recall_batch(Rng(1, Stream.TRAIN, 0), 5, sizes)
    for tokens, targets in zip(batch.tokens.tolist(), batch.targets.tolist(), strict=True):
        assert solve(tokens, sizes) == targets
        assert targets[-2] != IGNORED_TARGET


def test_noise_takes_its_share_of_the_inner_pairs() -> None:
    sizes = NoisyRecallSettings()
    keys = noisy_recall_batch(Rng(1, Stream.TRAIN, 0), 2000, sizes).tokens[:, 2:-2:2]
    assert (keys >= 16).mean() == pytest.approx(0.2, abs=0.006)  # 5 standard deviations
    assert np.unique(keys).tolist() == [*range(8), *range(16, 32)]


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"num_tokens": 127}, "num_tokens"),
        ({"num_tokens": 2}, "num_tokens"),
        ({"vocab_size": 19}, "vocab_size"),
        ({"num_noise_tokens": 0}, "num_noise_tokens"),
        ({"noise_share": 1.0}, "noise_share"),
        ({"noise_share": float("nan")}, "noise_share"),
    ],
)
def test_a_setting_out_of_range_is_an_error_that_names_it(options: dict[str, float], place: str) -> None:
    with pytest.raises(InputError, match=rf"^task\.{place}: must be"):
        NoisyRecallSettings(**options)  # type: ignore[arg-type]
