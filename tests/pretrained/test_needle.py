import numpy as np

from nas.pretrained.needle import KEY_TOKENS, VALUE_TOKENS, NeedleTask
from nas.tasks.task import IGNORED_TARGET

DEPTHS = (0.0, 0.5, 1.0)
WIDTH = KEY_TOKENS + VALUE_TOKENS


def test_the_question_repeats_a_key_and_asks_for_its_value(needle: NeedleTask) -> None:
    (batch,) = needle.validation_batches(100)
    assert len(batch.tokens) == len(DEPTHS) * 3
    assert (batch.targets[:, :-VALUE_TOKENS] == IGNORED_TARGET).all()
    for tokens, targets, (queries, keys) in zip(batch.tokens, batch.targets, needle.question_places(), strict=True):
        assert np.array_equal(tokens[keys], targets[queries])
        before = np.arange(1 - WIDTH, 1 - VALUE_TOKENS)
        assert np.array_equal(tokens[before], tokens[keys[0] - KEY_TOKENS + np.arange(KEY_TOKENS)])


def test_depths_are_where_they_are_said_to_be(needle: NeedleTask) -> None:
    first = [int(places[1, 0]) - KEY_TOKENS for places in needle.question_places()[::3]]
    assert first == [0, round(0.5 * (64 - 2 * WIDTH + 1)), 64 - 2 * WIDTH + 1]


def test_a_sequence_holds_all_needles_and_its_parts_ask_for_one_depth_each(needle: NeedleTask) -> None:
    (whole,) = needle.validation_batches(100)
    haystacks = whole.tokens[:, : 1 - WIDTH].reshape(len(DEPTHS), 3, -1)
    assert (haystacks == haystacks[0]).all()
    parts = [batch for part in needle.parts.values() for batch in part.validation_batches(100)]
    assert list(needle.parts) == ["depth_0", "depth_50", "depth_100"]
    assert np.array_equal(np.concatenate([part.tokens for part in parts]), whole.tokens)


def test_a_model_that_always_copies_finds_every_needle(needle: NeedleTask) -> None:
    """The answer is in the sequence: whoever looks where `question_places` says is right."""
    (batch,) = needle.validation_batches(100)
    places = needle.question_places()
    said = np.take_along_axis(batch.tokens, places[:, 1], axis=1)
    assert np.array_equal(said, np.take_along_axis(batch.targets, places[:, 0], axis=1))


def test_a_longer_probe_has_longer_haystacks(needle: NeedleTask) -> None:
    longer = needle.longer(2)
    assert longer is not None and longer.num_tokens == 128 and list(longer.parts) == list(needle.parts)
    assert needle.longer(10_000) is None
