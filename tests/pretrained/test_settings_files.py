"""Settings of a checkpoint from a stranger, which transformers would obey: no code, no files elsewhere, no waiting."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nas.errors import InputError
from nas.pretrained.loading import load_tokenizer
from nas.pretrained.settings_files import check_settings
from nas.pretrained.source import checkpoint_fingerprint

Change = Callable[[Path], None]

CONFIG, TOKENIZER, SPECIAL = "config.json", "tokenizer_config.json", "special_tokens_map.json"


def edit(file: str, **values: object) -> Change:
    def change(folder: Path) -> None:
        path = folder / file
        path.write_text(json.dumps((json.loads(path.read_text()) if path.exists() else {}) | values))

    return change


def pipe(file: str) -> Change:
    def change(folder: Path) -> None:
        (folder / file).unlink()
        os.mkfifo(folder / file)

    return change


def long(file: str) -> Change:
    return lambda folder: os.truncate(folder / file, 2**36)


BAD: dict[str, tuple[Change, str]] = {
    "code for a model": (edit(CONFIG, auto_map={"AutoModel": "x.M"}), "must run no code .* auto_map in config.json"),
    "code for a tokenizer": (edit(TOKENIZER, auto_map={"AutoTokenizer": ["x.T", None]}), "auto_map in tokenizer_con"),
    "quantised": (edit(CONFIG, quantization_config={"quant_method": "gptq"}), "must hold weights as plain numbers"),
    "weights by name": (edit(CONFIG, transformers_weights="sub/model.bin"), "transformers_weights: .*'sub/model.bin'"),
    "a vocabulary": (edit(TOKENIZER, vocab="/x.json", merges="/x.txt"), "tokenizer_config.json: vocab: must not name"),
    "merges": (edit(TOKENIZER, merges="/x.txt"), "tokenizer_config.json: merges: must not name"),
    "arguments": (edit(TOKENIZER, init_inputs=["/x.json"]), "init_inputs: must not name"),
    "a special vocabulary": (edit(SPECIAL, vocab_file="/x.json"), "special_tokens_map.json: vocab_file: must not name"),
    "a tokenizer": (edit(TOKENIZER, fast_tokenizer_files=["../tokenizer.1.0.json"]), "got '../tokenizer.1.0.json'"),
    "a text for a list": (edit(TOKENIZER, fast_tokenizer_files="/tokenizer.1.0.json"), "fast_tokenizer_files: must"),
    "no text": (edit(TOKENIZER, fast_tokenizer_files=[1]), "fast_tokenizer_files: must not name .* got 1"),
    "a pipe": (pipe(CONFIG), "must hold a config.json"),
    "a pipe for a tokenizer": (pipe(TOKENIZER), "must hold a tokenizer_config.json"),
    "a long config": (long(CONFIG), "config.json: must be a JSON file, got .* it is 68,719,476,736 bytes long"),
    "a long tokenizer": (long(TOKENIZER), "tokenizer_config.json: must be a JSON file"),
}


@pytest.fixture
def folder(llama: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(llama, tmp_path / "model"))


@pytest.mark.parametrize("name", BAD)
def test_what_would_be_obeyed_is_refused_in_one_line(name: str, folder: Path) -> None:
    change, message = BAD[name]
    check_settings(folder)
    change(folder)
    with pytest.raises(InputError, match=message) as caught:
        check_settings(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        edit(TOKENIZER, tokenizer_file="/x.json", special_tokens_map_file="/x", name_or_path="/x", vocab_file=None),
        edit(TOKENIZER, fast_tokenizer_files=["tokenizer.json", "tokenizer.900.0.json"], init_inputs=[]),
        edit(SPECIAL, unk_token="U", vocab_file=None),
    ],
)
def test_what_transformers_writes_or_passes_over_is_allowed(change: Change, folder: Path) -> None:
    before = load_tokenizer(folder).get_vocab()
    change(folder)
    check_settings(folder)
    assert load_tokenizer(folder).get_vocab() == before


def test_a_tokenizer_elsewhere_would_be_read_and_not_be_seen(folder: Path) -> None:
    """Why its name is refused: what is read changes, and the fingerprint does not."""
    edit(TOKENIZER, fast_tokenizer_files=["../tokenizer.1.0.json"])(folder)
    other = folder.parent / "tokenizer.1.0.json"
    shutil.copy(folder / "tokenizer.json", other)
    before, vocabulary = checkpoint_fingerprint(folder), load_tokenizer(folder).get_vocab()
    document = json.loads(other.read_text())
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    document["added_tokens"] = [{"id": len(vocabulary), "content": "<planted>"} | plain]
    other.write_text(json.dumps(document))
    assert "<planted>" in load_tokenizer(folder).get_vocab()
    assert checkpoint_fingerprint(folder) == before
