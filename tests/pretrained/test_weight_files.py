"""Weights are whole and plain numbers, or it is said in one line which file is not."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from nas.errors import InputError
from nas.pretrained.decoder import Decoder
from nas.pretrained.weight_files import check_weight_files

PARTS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
QUERY = "model.layers.1.self_attn.q_proj.weight"


def rewritten(change: Callable[[dict[str, Tensor]], object]) -> Callable[[Path], None]:
    """Change the weights in a folder."""

    def apply(folder: Path) -> None:
        weights = load_file(folder / "model.safetensors")
        change(weights)
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})

    return apply


def in_two_parts(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    names = sorted(weights)
    where = {name: PARTS[2 * place // len(names)] for place, name in enumerate(names)}
    for part in PARTS:
        own = {name: tensor for name, tensor in weights.items() if where[name] == part}
        save_file(own, folder / part, metadata={"format": "pt"})
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))


def without_parts(folder: Path) -> None:
    in_two_parts(folder)
    for part in PARTS:
        (folder / part).unlink()


def then(change: Callable[[Path], object]) -> Callable[[Path], None]:
    """Split the weights, and spoil the second part."""

    def apply(folder: Path) -> None:
        in_two_parts(folder)
        change(folder / PARTS[1])

    return apply


BAD = {
    "a part is missing": (then(Path.unlink), rf"every file that model.safetensors.index.json names, got .*{PARTS[1]}"),
    "a part is cut off": (
        then(lambda part: part.write_bytes(part.read_bytes()[:-100])),
        rf"{PARTS[1]}: must be a whole safetensors file, got 'SafetensorError",
    ),
    "a part is a pointer": (
        then(lambda part: part.write_text("version https://git-lfs.github.com/spec/v1\nsize 5\n")),
        rf"{PARTS[1]}: must be a whole safetensors file, got .* Fetch it again; what Git LFS leaves",
    ),
    "a tensor is missing": (
        rewritten(lambda weights: weights.pop(QUERY)),
        rf"must hold all weights of its architecture, got 'none for 1 of 21 tensors, {QUERY} among them'",
    ),
    "tensors have other names": (
        rewritten(lambda weights: [weights.update({f"own.{name}": weights.pop(name)}) for name in list(weights)]),
        r"must hold all weights of its architecture, got 'none for 21 of 21",
    ),
    "a tensor has another shape": (
        rewritten(lambda weights: weights.update({QUERY: weights[QUERY][:-1].clone()})),
        rf"must hold weights of the sizes in config.json, by which {QUERY} has the shape \(.*\), got '\(",
    ),
    "no part is there": (
        without_parts,
        rf"must hold every file that model.safetensors.index.json names, got 'none of the name {PARTS[0]}'",
    ),
    "a tensor is of integers": (
        rewritten(lambda weights: weights.update({QUERY: weights[QUERY].to(torch.int8)})),
        rf"must hold weights as plain numbers, in float32, bfloat16 or float16, got '{QUERY} in model.safetensors'",
    ),
    "llama.cpp's": (
        lambda folder: (folder / "model.safetensors").rename(folder / "model.gguf"),
        r"must hold weights as \*.safetensors, got 'model.gguf'. Load it with from_pretrained",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_weights_that_cannot_be_read_are_named_in_one_line(name: str, llama: Path, tmp_path: Path) -> None:
    change, message = BAD[name]
    folder = Path(shutil.copytree(llama, tmp_path / "model"))
    change(folder)
    with pytest.raises(InputError, match=message) as caught:
        Decoder.load(str(folder))
    assert "\n" not in str(caught.value)


def test_weights_in_several_files_are_those_of_one(llama: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(llama, tmp_path / "model"))
    in_two_parts(folder)
    check_weight_files(folder)
    tokens = torch.arange(16)[None]
    assert torch.equal(Decoder.load(str(folder)).logits(tokens), Decoder.load(str(llama)).logits(tokens))
