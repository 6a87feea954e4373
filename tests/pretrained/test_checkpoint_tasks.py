from collections.abc import Callable

import numpy as np
import pytest

from nas.errors import InputError
from nas.pretrained.checkpoint_tasks import CheckpointTextTask, checkpoint_tasks
from nas.pretrained.decoder import Decoder
from nas.pretrained.tokenised_text import TokenisedText
from nas.tasks.language.text import TextSettings

DEPTHS = (0.0, 0.5, 1.0)
MakeSettings = Callable[..., TextSettings]


def test_longer_tokens_count_by_their_bytes(text: TokenisedText, text_settings: MakeSettings) -> None:
    wide = TokenisedText(**{name: getattr(text, name) for name in text.__slots__} | {"bytes_per_token": 4.0})
    one, four = (CheckpointTextTask(each, text_settings()) for each in (text, wide))
    assert four.quality(2.0, 0.5) == one.quality(2.0, 0.5) / 4
    assert four.chance == one.chance / 4 == 2.0


def test_a_token_that_begins_every_text_begins_every_window(text: TokenisedText, text_settings: MakeSettings) -> None:
    begun = TokenisedText(**{name: getattr(text, name) for name in text.__slots__} | {"first_token": 7})
    plain, ours = (CheckpointTextTask(each, text_settings()) for each in (text, begun))
    (before,), (after,) = plain.validation_batches(100), ours.validation_batches(100)
    assert (after.tokens[:, 0] == 7).all()
    assert np.array_equal(after.tokens[:, 1:], before.tokens[:, :-1])
    assert np.array_equal(after.targets, before.tokens)


def test_the_text_comes_first_and_probes_come_where_depths_are_asked_for(
    decoder: Decoder, text_settings: MakeSettings
) -> None:
    assert list(checkpoint_tasks(decoder, text_settings(), DEPTHS, 2)) == ["text", "needle"]
    assert list(checkpoint_tasks(decoder, text_settings(), (), 2)) == ["text"]


@pytest.mark.parametrize(
    ("changed", "depths", "message"),
    [
        ({"num_tokens": 8192}, DEPTHS, r"^task.path: must leave 8,193 tokens"),
        ({}, (0.5, 0.55), r"^evaluation.needle_depths: must leave room between needles of 8 tokens in 64"),
    ],
)
def test_too_little_room_is_told(
    changed: dict[str, int], depths: tuple[float, ...], message: str, decoder: Decoder, text_settings: MakeSettings
) -> None:
    with pytest.raises(InputError, match=message):
        checkpoint_tasks(decoder, text_settings(**changed), depths, 2)
