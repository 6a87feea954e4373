"""Hundreds of damaged and planted checkpoints: each is loaded from its own folder, or refused in one line.

Beside the checkpoint lies another folder, of which nothing may be read, whatever a file says; and no kernel is fetched.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from nas.errors import NasError
from nas.pretrained.loading import library, load_model, load_tokenizer
from nas.pretrained.source import find_checkpoint
from tests.edits import Edit, edited, edits_of, parsed

pytestmark = pytest.mark.slow

HOW_MANY = {
    "config.json": 100,
    "tokenizer_config.json": 60,
    "special_tokens_map.json": 30,
    "tokenizer.json": 60,
    "generation_config.json": 20,
    "model.safetensors": 80,
}
"""Cases of damage for each file."""

KEYS = (
    "auto_map", "tokenizer_class", "tokenizer_file", "vocab_file", "merges_file", "spm_file", "vocab", "merges",
    "init_inputs", "fast_tokenizer_files", "added_tokens_file", "special_tokens_map_file", "chat_template_file",
    "name_or_path", "_name_or_path", "base_model_name_or_path", "transformers_weights", "attn_implementation",
    "_attn_implementation", "_attn_implementation_internal", "experts_implementation", "quantization_config",
    "text_config", "architectures", "model_type", "dtype", "torch_dtype", "per_layer_config", "custom_generate",
    "extra_special_tokens", "added_tokens_decoder", "use_kernels", "kernel_config", "gguf_file", "backend",
)  # fmt: skip
"""What transformers reads, or may read, from the files of a checkpoint."""

PLANTED = "<planted>"

opened: list[str] = []
"""Files of the other folder that Python opened."""


def hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _other and str(arguments[0]).startswith(_other[0]):
        opened.append(str(arguments[0]))


_other: list[str] = []
_hooked: list[bool] = []


@contextmanager
def watching(other: Path) -> Iterator[None]:
    if not _hooked:
        sys.addaudithook(hook)
        _hooked.append(True)
    _other.append(str(other))
    try:
        yield
    finally:
        _other.clear()
        opened.clear()


@pytest.fixture(scope="module")
def world(llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkpoint, and next to it the folder `other` with files that could take the place of its own."""
    root = tmp_path_factory.mktemp("world")
    shutil.copytree(llama, root / "model")
    (root / "model/special_tokens_map.json").write_text('{"unk_token": "U"}')
    shutil.copytree(root / "model", root / "other")
    document = json.loads((root / "other/tokenizer.json").read_text())
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    document["added_tokens"].append({"id": 256, "content": PLANTED} | plain)
    for name in ("tokenizer.json", "tokenizer.1.0.json"):
        (root / "other" / name).write_text(json.dumps(document))
    before = Path.cwd()
    os.chdir(root)
    yield root
    os.chdir(before)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The kernels that transformers would fetch, had it the package for it."""
    found: list[object] = []
    modeling = library("transformers").modeling_utils
    monkeypatch.setattr(modeling, "is_kernels_available", lambda *_, **__: True)
    monkeypatch.setattr(modeling, "lazy_import_flash_attention", lambda *words, **_: found.append(words))
    return found


def planted(root: Path) -> list[object]:
    """Values that lead elsewhere."""
    files = ["../other/tokenizer.1.0.json", f"{root}/other/tokenizer.json"]
    return [*files, f"{root}/other", files, *([file] for file in files), "owner/kernel", "flash_attention_2"]


def header(content: bytes) -> tuple[bytes, bytes]:
    """The header of a safetensors file, which is JSON, and what follows it."""
    end = 8 + int.from_bytes(content[:8], "little")
    return content[8:end], content[end:]


def damaged(content: bytes, name: str, some: tuple[Edit, ...]) -> bytes:
    if not name.endswith(".safetensors"):
        return edited(content, ".json", some)
    old, rest = header(content)
    new = edited(old, ".json", some)
    return len(new).to_bytes(8, "little") + new + rest


def check(folder: Path, asked: list[object]) -> None:
    vocabulary: dict[str, int] = {}
    try:
        found = find_checkpoint(str(folder))
        vocabulary = load_tokenizer(found).get_vocab()
        load_model(found)
    except NasError as error:
        assert "\n" not in str(error) and len(str(error)) < 4000
    assert PLANTED not in vocabulary, f"a tokenizer of another folder: {_settings(folder)}"
    assert opened == [] and asked == [], _settings(folder)


def _settings(folder: Path) -> str:
    return " ".join(path.read_text() for path in sorted(folder.glob("*config.json")))


@pytest.mark.parametrize("name", HOW_MANY)
def test_what_is_damaged_is_loaded_or_refused(world: Path, name: str, asked: list[object]) -> None:
    path = world / "model" / name
    before = path.read_bytes()
    document = parsed(before if path.suffix == ".json" else header(before)[0], ".json")

    @settings(
        max_examples=HOW_MANY[name],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(some=edits_of(document, (50, 500)))
    def each(some: tuple[Edit, ...]) -> None:
        path.write_bytes(damaged(before, name, some))
        with watching(world / "other"):
            check(world / "model", asked)

    try:
        each()
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize("name", [name for name in HOW_MANY if name.endswith("config.json") or "map" in name])
def test_no_setting_leads_elsewhere(world: Path, name: str, asked: list[object]) -> None:
    """Every key that transformers may obey, with every kind of value."""
    path = world / "model" / name
    before = path.read_bytes()
    try:
        for key in KEYS:
            for value in planted(world):
                path.write_text(json.dumps(json.loads(before) | {key: value}))
                with watching(world / "other"):
                    check(world / "model", asked)
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize("read", [load_model, load_tokenizer])
def test_what_is_read_elsewhere_would_be_seen(world: Path, read: Callable[[Path], object]) -> None:
    with watching(world / "other"):
        read(world / "other")
        assert opened
