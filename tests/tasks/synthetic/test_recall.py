"""MQAR: every sequence obeys the definition, and the gaps obey their law."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.errors import InputError
from nas.tasks.rng import Rng, Stream
from nas.tasks.synthetic.recall import RecallSettings, RecallTask, gap_weights, recall_batch
from nas.tasks.task import IGNORED_TARGET


def rng(step: int = 0) -> Rng:
    return Rng(3, Stream.TRAIN, step)


def check_sequence(tokens: list[int], targets: list[int], num_pairs: int, vocab_size: int) -> None:
    """The definition, read one token at a time."""
    keys, values = tokens[0 : 2 * num_pairs : 2], tokens[1 : 2 * num_pairs : 2]
    assert len(set(keys)) == len(set(values)) == num_pairs
    assert all(1 <= key < vocab_size // 2 for key in keys)
    assert all(vocab_size // 2 <= value < vocab_size for value in values)
    value_of = dict(zip(keys, values, strict=True))
    asked = [position for position, target in enumerate(targets) if target != IGNORED_TARGET]
    assert all(position >= 2 * num_pairs and position % 2 == 0 for position in asked)
    assert sorted(tokens[position] for position in asked) == sorted(keys)
    assert all(targets[position] == value_of[tokens[position]] for position in asked)


@given(
    num_pairs=st.integers(1, 12),
    spare_pairs=st.integers(0, 20),
    spare_vocab=st.integers(0, 41),
    random_filler=st.booleans(),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_every_sequence_obeys_the_definition(
    num_pairs: int, spare_pairs: int, spare_vocab: int, random_filler: bool
) -> None:
    num_tokens, vocab_size = 4 * num_pairs + 2 * spare_pairs, 2 * num_pairs + 2 + spare_vocab
    sizes = {"num_tokens": num_tokens, "num_pairs": num_pairs, "vocab_size": vocab_size}
    batch = recall_batch(rng(), 5, **sizes, random_filler=random_filler)
    assert batch.tokens.shape == batch.targets.shape == (5, num_tokens)
    for tokens, targets in zip(batch.tokens.tolist(), batch.targets.tolist(), strict=True):
        check_sequence(tokens, targets, num_pairs, vocab_size)


@pytest.mark.parametrize("random_filler", [False, True])
def test_filler_is_zero_unless_asked_to_be_random(random_filler: bool) -> None:
    batch = recall_batch(rng(), 8, num_tokens=64, num_pairs=4, vocab_size=50, random_filler=random_filler)
    filler = batch.tokens[:, 8:][batch.targets[:, 8:] == IGNORED_TARGET]
    assert len(np.unique(filler)) == (50 if random_filler else 1)
    assert filler.min() == 0


def test_one_pair_follows_the_power_law_of_its_gap() -> None:
    batch = recall_batch(rng(), 40_000, num_tokens=18, num_pairs=1, vocab_size=16)
    gaps = (batch.targets != IGNORED_TARGET).argmax(axis=1) // 2 - 1
    shares = np.bincount(gaps, minlength=8) / 40_000
    expected = np.array([(i + 1) ** (0.01 - 1) for i in range(8)])
    assert shares == pytest.approx(expected / expected.sum(), abs=0.01)


def test_a_power_of_one_spreads_the_queries_evenly() -> None:
    assert gap_weights(64, 4, 1.0) == pytest.approx(np.full(28, 1 / 28))


def test_validation_sequences_never_occur_in_training() -> None:
    task = RecallTask(RecallSettings(num_tokens=32, num_pairs=4, vocab_size=64))
    held_out = {tuple(row) for batch in task.validation_batches(100) for row in batch.tokens.tolist()}
    assert len(held_out) == 512
    for step in range(50):  # seed 0 at step 0 is where a validation stream without a name of its own would meet it
        assert held_out.isdisjoint(map(tuple, task.train_batch(step, 512, seed=0).tokens.tolist()))


def test_quality_is_the_share_answered() -> None:
    assert RecallTask(RecallSettings()).quality(loss=3.0, accuracy=0.25) == 0.25


def test_chance_is_what_always_saying_one_value_scores() -> None:
    task = RecallTask(RecallSettings(num_tokens=32, num_pairs=4, vocab_size=20))
    targets = task.train_batch(0, 5000, seed=0).targets
    answers = targets[targets != IGNORED_TARGET]
    assert (answers == 10).mean() == pytest.approx(task.chance, abs=0.01)


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"num_pairs": 0}, "num_pairs"),
        ({"num_tokens": 127}, "num_tokens"),
        ({"num_tokens": 30, "num_pairs": 8}, "num_tokens"),
        ({"vocab_size": 17, "num_pairs": 8}, "vocab_size"),
        ({"gap_power": 0.0}, "gap_power"),
        ({"gap_power": float("nan")}, "gap_power"),
        ({"validation_sequences": 0}, "validation_sequences"),
    ],
)
def test_a_setting_out_of_range_is_an_error_that_names_it(options: dict[str, float], place: str) -> None:
    with pytest.raises(InputError, match=rf"^task\.{place}: must be"):
        RecallSettings(**options)  # type: ignore[arg-type]
