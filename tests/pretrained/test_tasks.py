"""The user's text in the model's tokens, and needles in it."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from nas.errors import InputError
from nas.pretrained.decoder import Decoder
from nas.pretrained.needle import KEY_TOKENS, VALUE_TOKENS, NeedleTask
from nas.pretrained.retrieval_heads import ranked_heads, retrieval_scores
from nas.pretrained.scoring import score
from nas.pretrained.tasks import checkpoint_tasks
from nas.pretrained.text import CheckpointTextTask, TokenisedText, tokenise
from nas.tasks.language.text import TextSettings
from nas.tasks.task import IGNORED_TARGET
from tests.byte_tokenizer import byte_tokenizer

DEPTHS = (0.0, 0.5, 1.0)
WIDTH = KEY_TOKENS + VALUE_TOKENS


def settings(text_file: str, **changed: object) -> TextSettings:
    return TextSettings(path=text_file, num_tokens=64, validation_share=0.2, validation_sequences=8, **changed)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def decoder(llama: Path) -> Decoder:
    return Decoder.load(str(llama))


@pytest.fixture(scope="module")
def text(llama: Path, text_file: str) -> TokenisedText:
    return tokenise(llama, settings(text_file), 256)


@pytest.fixture(scope="module")
def needle(text: TokenisedText, text_file: str) -> NeedleTask:
    task = CheckpointTextTask(text, settings(text_file))
    return NeedleTask(text, task, num_tokens=64, depths=DEPTHS, num_sequences=3)


def test_no_byte_of_the_text_is_lost_and_none_is_in_both_parts(text: TokenisedText, text_file: str) -> None:
    tokenizer = byte_tokenizer()
    both = tokenizer.decode(text.train.tolist()) + tokenizer.decode(text.held_out.tolist())
    assert both == Path(text_file).read_text()
    assert text.bytes_per_token == 1.0


def test_bits_per_byte_are_the_model_s_own_loss(decoder: Decoder, text: TokenisedText, text_file: str) -> None:
    task = CheckpointTextTask(text, settings(text_file))
    (batch,) = task.validation_batches(100)
    with torch.no_grad():
        windows = torch.from_numpy(np.concatenate([batch.tokens, batch.targets[:, -1:]], axis=1))
        loss = decoder.model(input_ids=windows, labels=windows).loss.item()
    assert score(decoder, task, batch_size=3) == pytest.approx(loss / math.log(2), rel=1e-5)


def test_longer_tokens_count_by_their_bytes(text: TokenisedText, text_file: str) -> None:
    wide = TokenisedText(**{name: getattr(text, name) for name in text.__slots__} | {"bytes_per_token": 4.0})
    one, four = (CheckpointTextTask(each, settings(text_file)) for each in (text, wide))
    assert four.quality(2.0, 0.5) == one.quality(2.0, 0.5) / 4
    assert four.chance == one.chance / 4 == 2.0


def test_a_token_that_begins_every_text_begins_every_window(text: TokenisedText, text_file: str) -> None:
    begun = TokenisedText(**{name: getattr(text, name) for name in text.__slots__} | {"first_token": 7})
    plain, ours = (CheckpointTextTask(each, settings(text_file)) for each in (text, begun))
    (before,), (after,) = plain.validation_batches(100), ours.validation_batches(100)
    assert (after.tokens[:, 0] == 7).all()
    assert np.array_equal(after.tokens[:, 1:], before.tokens[:, :-1])
    assert np.array_equal(after.targets, before.tokens)


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


def test_retrieval_scores_are_attention_weights(decoder: Decoder, needle: NeedleTask) -> None:
    """Against transformers' own attention weights."""
    (batch,) = needle.validation_batches(100)
    decoder.model.set_attn_implementation("eager")
    with torch.no_grad():
        attentions = decoder.model(input_ids=torch.from_numpy(batch.tokens), output_attentions=True).attentions
    decoder.model.set_attn_implementation("nas_search")
    queries, keys = needle.question_places()[:, 0], needle.question_places()[:, 1]
    expected = []
    for weights in attentions:
        asked = torch.stack([weights[row][:, queries[row], keys[row]] for row in range(len(queries))])
        expected.append(asked.mean(dim=(0, 2)).view(2, 2).amax(dim=1))
    torch.testing.assert_close(retrieval_scores(decoder, needle, batch_size=4), torch.stack(expected))


def test_heads_are_ranked_best_first() -> None:
    assert ranked_heads(torch.tensor([[0.1, 0.7], [0.3, 0.1]])) == ((0, 1), (1, 0), (0, 0), (1, 1))


@pytest.mark.parametrize(
    ("changed", "depths", "message"),
    [
        ({"num_tokens": 8192}, DEPTHS, r"^task.path: must leave 8,193 tokens"),
        ({}, (0.5, 0.55), r"^evaluation.needle_depths: must leave room between needles of 8 tokens in 64"),
    ],
)
def test_too_little_room_is_told(
    changed: dict[str, int], depths: tuple[float, ...], message: str, decoder: Decoder, text_file: str
) -> None:
    given = settings(text_file)
    for name, value in changed.items():
        setattr(given, name, value)
    with pytest.raises(InputError, match=message):
        checkpoint_tasks(decoder, given, depths, 2)


def test_a_tokenizer_of_another_model_is_refused(llama: Path, text_file: str) -> None:
    with pytest.raises(InputError, match=r"a tokenizer whose tokens the model has, which are 10, got"):
        tokenise(llama, settings(text_file), 10)
