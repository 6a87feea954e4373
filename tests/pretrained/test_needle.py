from dataclasses import replace

import numpy as np
import pytest

from nas.pretrained.needle import KEY_TOKENS, VALUE_TOKENS, NeedleTask
from nas.pretrained.tokenised_text import TokenisedText
from nas.tasks.task import IGNORED_TARGET

DEPTHS = (0.0, 0.5, 1.0)
WIDTH = KEY_TOKENS + VALUE_TOKENS


def test_the_question_repeats_a_key_and_asks_for_its_value(needle: NeedleTask) -> None:
    (batch,) = needle.validation_batches(100)
    assert len(batch.tokens) == len(DEPTHS) * 3
    assert (batch.targets[:, :-VALUE_TOKENS] == IGNORED_TARGET).all()
    for tokens, targets, keys in zip(batch.tokens, batch.targets, needle.value_places().repeat(3, axis=0), strict=True):
        assert np.array_equal(tokens[keys], targets[-VALUE_TOKENS:])
        before = np.arange(1 - WIDTH, 1 - VALUE_TOKENS)
        assert np.array_equal(tokens[before], tokens[keys[0] - KEY_TOKENS + np.arange(KEY_TOKENS)])


def test_depths_are_where_they_are_said_to_be(needle: NeedleTask) -> None:
    first = (needle.value_places()[:, 0] - KEY_TOKENS).tolist()
    assert first == [0, round(0.5 * (64 - 2 * WIDTH + 1)), 64 - 2 * WIDTH + 1]


def test_a_sequence_holds_all_needles_and_its_parts_ask_for_one_depth_each(needle: NeedleTask) -> None:
    (whole,) = needle.validation_batches(100)
    haystacks = whole.tokens[:, : 1 - WIDTH].reshape(len(DEPTHS), 3, -1)
    assert (haystacks == haystacks[0]).all()
    parts = [batch for part in needle.parts.values() for batch in part.validation_batches(100)]
    assert list(needle.parts) == ["depth_0", "depth_50", "depth_100"]
    assert np.array_equal(np.concatenate([part.tokens for part in parts]), whole.tokens)


@pytest.mark.parametrize("batch_size", [2, 100])
def test_branched_batches_ask_the_same_questions(needle: NeedleTask, batch_size: int) -> None:
    (whole,) = needle.validation_batches(100)
    tokens, answers = (
        np.concatenate([getattr(batch, name) for batch in needle.branched_batches(batch_size)])
        for name in ("tokens", "answers")
    )
    for depth, start in enumerate(needle.branches.starts()):
        texts, questions = tokens[:, : needle.branches.text_tokens], tokens[:, start : start + WIDTH - 1]
        rows = slice(3 * depth, 3 * depth + 3)
        assert np.array_equal(np.concatenate([texts, questions], axis=1), whole.tokens[rows])
        assert np.array_equal(answers[:, depth], whole.targets[rows, -VALUE_TOKENS:])
        # the token before an answer is the one that stands before the value in the text
        assert np.array_equal(tokens[:, needle.answer_places()[depth]], tokens[:, needle.value_places()[depth] - 1])


def test_text_places_ask_for_nothing_that_was_put_in(needle: NeedleTask, text: TokenisedText) -> None:
    """With a text of one token, whatever is another one was put in."""
    one = replace(text, held_out=np.full_like(text.held_out, 7), train=np.arange(8, 40, dtype=np.int32))
    probe = NeedleTask(one, needle, num_tokens=64, depths=DEPTHS, num_sequences=3)
    (batch,) = probe.branched_batches(100)
    places = probe.text_places()
    assert (batch.tokens[:, places + 1] == 7).all()
    assert len(places) == (batch.tokens[0, 1 : probe.branches.text_tokens] == 7).sum()


def test_a_longer_probe_has_longer_haystacks(needle: NeedleTask) -> None:
    longer = needle.longer(2)
    assert longer is not None and longer.num_tokens == 128 and list(longer.parts) == list(needle.parts)
    assert needle.longer(10_000) is None
