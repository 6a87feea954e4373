from collections.abc import Callable
from pathlib import Path

import pytest

from nas.errors import InputError
from nas.pretrained.tokenised_text import TokenisedText, tokenise
from nas.tasks.language.text import TextSettings
from tests.byte_tokenizer import byte_tokenizer

MakeSettings = Callable[..., TextSettings]


def test_no_byte_of_the_text_is_lost_and_none_is_in_both_parts(text: TokenisedText, text_file: str) -> None:
    tokenizer = byte_tokenizer()
    both = tokenizer.decode(text.train.tolist()) + tokenizer.decode(text.held_out.tolist())
    assert both == Path(text_file).read_text()
    assert text.bytes_per_token == 1.0


def test_a_tokenizer_of_another_model_is_refused(llama: Path, text_settings: MakeSettings) -> None:
    with pytest.raises(InputError, match=r"a tokenizer whose tokens the model has, which are 10, got"):
        tokenise(llama, text_settings(), 10)
