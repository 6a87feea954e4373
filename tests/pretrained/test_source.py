"""A checkpoint is looked at before it is loaded: what could run code, or is not there, is refused in one line."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from nas.errors import InputError
from nas.pretrained import source
from nas.pretrained.decoder import Decoder
from nas.pretrained.source import checkpoint_fingerprint, find_checkpoint

Change = Callable[[Path], None]


def edit(file: str, **values: object) -> Change:
    def change(folder: Path) -> None:
        document = json.loads((folder / file).read_text())
        (folder / file).write_text(json.dumps({**document, **values}))

    return change


def only_pickles(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")


def indexed(part: str) -> Change:
    def change(folder: Path) -> None:
        (folder / "model.safetensors").rename(folder / "decoy.safetensors")
        (folder / "model.safetensors.index.json").write_text(
            json.dumps({"metadata": {}, "weight_map": {"lm_head.weight": part}})
        )

    return change


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "pickles": (only_pickles, r"safetensors, not as pickles, which run code, got 'pytorch_model.bin'"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), r"must hold weights as \*.safetensors"),
    "no config": (lambda folder: (folder / "config.json").unlink(), r"must hold a config.json"),
    "no JSON": (lambda folder: (folder / "config.json").write_text("{"), r"config.json: must be a JSON file"),
    "a list": (lambda folder: (folder / "config.json").write_text("[]"), r"must hold a JSON object"),
    "own code": (
        edit("config.json", auto_map={"AutoModelForCausalLM": "evil.Model"}),
        r"must run no code of its own, which auto_map in config.json asks for",
    ),
    "own tokenizer": (
        edit("tokenizer_config.json", auto_map={"AutoTokenizer": ["evil.Tokenizer", None]}),
        r"auto_map in tokenizer_config.json",
    ),
    "quantised": (
        edit("config.json", quantization_config={"quant_method": "gptq", "bits": 4}),
        r"must hold weights as plain numbers, .*, got 'quantization_config in config.json: gptq'",
    ),
    "unknown": (edit("config.json", model_type="llamma"), r"whose architecture transformers .* knows.*llamma"),
    "no decoder": (edit("config.json", model_type="vit"), r"whose architecture transformers .* knows, got 'vit'"),
    "an adapter": (
        lambda folder: (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "evil/model"}'),
        r"must be a whole model, not an adapter of another one, got 'adapter_config.json'",
    ),
    "weights above": (indexed("../other/model.safetensors"), r"index.json: must name \*.safetensors files of its own"),
    "weights anywhere": (indexed("/other/model.safetensors"), r"index.json: must name \*.safetensors files of its own"),
    "indexed pickles": (indexed("pytorch_model.bin"), r"index.json: must name \*.safetensors files of its own"),
    "a huge vocabulary": (
        edit("config.json", vocab_size=10**9),
        r"config.json: must describe the weights beside it, which are [\d,]+ bytes, got '[\d,]+ parameters'",
    ),
    "huge layers": (edit("config.json", intermediate_size=10**9), r"must describe the weights beside it"),
    "many layers": (edit("config.json", num_hidden_layers=10**9), r"must have at most 512 as num_hidden_layers"),
    "damaged": (
        lambda folder: (folder / "model.safetensors").write_bytes(b"\xff" * 2**17),
        r"model.safetensors: must be a whole safetensors file, got '.+'. Fetch it again",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_used_is_said_in_one_line(name: str, llama: Path, tmp_path: Path) -> None:
    change, message = BAD[name]
    folder = Path(shutil.copytree(llama, tmp_path / "model"))
    change(folder)
    with pytest.raises(InputError, match=message) as caught:
        Decoder.load(str(folder))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name, message", [("model.gguf", "Load it with from_pretrained"), ("notes.txt", "not a file")])
def test_a_file_is_no_folder_and_is_not_looked_for_on_a_hub(
    name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / name).touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=message):
        find_checkpoint(f"some/{name}")


@pytest.mark.parametrize("name", ["./nowhere", "a/b/c", ""])
def test_a_name_that_is_no_folder_and_no_model_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "library", lambda name: pytest.fail("nobody may ask the hub"))
    with pytest.raises(InputError, match=r"must be a folder, or the owner/name"):
        find_checkpoint(name or "no where")


def test_a_hub_is_asked_for_safe_files_alone(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, list[str]]] = []

    def download(name: str, allow_patterns: list[str]) -> str:
        asked.append((name, allow_patterns))
        return str(llama)

    monkeypatch.setattr(source, "library", lambda name: SimpleNamespace(snapshot_download=download))
    assert find_checkpoint("owner/model") == llama
    ((name, patterns),) = asked
    assert name == "owner/model"
    assert not any(pattern.endswith((".py", ".bin", ".pt", "*")) for pattern in patterns)


def test_what_the_hub_says_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(name: str, allow_patterns: list[str]) -> str:
        raise OSError("no way there.\nA long story.")

    monkeypatch.setattr(source, "library", lambda name: SimpleNamespace(snapshot_download=download))
    with pytest.raises(InputError, match=r"got 'owner/model'\. The hub's client says: no way there\.$"):
        find_checkpoint("owner/model")


def test_the_fingerprint_follows_the_weights(llama: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(llama, tmp_path / "model"))
    before = checkpoint_fingerprint(llama)
    assert checkpoint_fingerprint(folder) == before
    weights = folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert checkpoint_fingerprint(folder) != before
