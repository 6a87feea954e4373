import json
import shutil
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


@pytest.mark.parametrize("kind", ["LlamaTokenizer", "GPT2Tokenizer", "GemmaTokenizer"])
def test_a_tokenizer_whose_vocabulary_is_not_there_is_refused(
    kind: str, llama: Path, text_settings: MakeSettings, tmp_path: Path
) -> None:
    """transformers makes one of special tokens alone, in whose tokens a text has none, or unknown ones."""
    folder = Path(shutil.copytree(llama, tmp_path / "model"))
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": kind}))
    with pytest.raises(InputError, match=r"^checkpoint: must hold its tokenizer, got 'one that finds 0 tokens in "):
        tokenise(folder, text_settings(), 256)
    special = tmp_path / "special.txt"  # a token of its own in a text does not make it a tokenizer of that text
    special.write_text("<s> </s> <bos> " + "words of a text " * 200)
    with pytest.raises(InputError, match=r"got 'one that finds \d tokens in 3,215 bytes"):
        tokenise(folder, text_settings(path=str(special)), 256)
