"""The weight files of a checkpoint, looked at before they are loaded: whole, safe to read, and plain numbers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nas.errors import InputError, first_line
from nas.pretrained.loading import WHERE, library, read_json

UNSAFE_WEIGHTS = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
PLAIN = frozenset({"F64", "F32", "F16", "BF16"})
"""Types of weights that need nothing else to be read; a quantised one is an integer, or has a scale beside it."""


def check_weight_files(folder: Path) -> None:
    """Refuse weights that are pickles, lie elsewhere, are not whole, or are quantised.

    Args:
        folder: of a checkpoint.

    Raises:
        InputError: they are.
    """
    for index in sorted(folder.glob("*.safetensors.index.json")):
        _check_index(index)
    _check_kind(folder)
    for file in sorted(folder.glob("*.safetensors")):
        quantised = next((name for name, kind in _types(file) if name.endswith(".weight") and kind not in PLAIN), None)
        if quantised is not None:
            raise not_plain(f"{quantised} in {file.name}")


def not_plain(came: str) -> InputError:
    """The refusal of quantised weights.

    Args:
        came: what says that they are.
    """
    allowed = "must hold weights as plain numbers, in float32, bfloat16 or float16"
    remedy = "Load it where what quantised it is installed, and save model.dequantize() with save_pretrained."
    return InputError(WHERE, allowed, came, remedy)


def _check_kind(folder: Path) -> None:
    if any(folder.glob("*.safetensors")):
        return
    if unsafe := sorted(file.name for pattern in UNSAFE_WEIGHTS for file in folder.glob(pattern)):
        remedy = "Load it where you trust it, and save it with save_pretrained(safe_serialization=True)."
        raise InputError(
            WHERE, "must hold its weights as safetensors, not as pickles, which run code", unsafe[0], remedy
        )
    if others := sorted(file.name for file in folder.glob("*.gguf")):
        raise gguf_file(others[0])
    raise InputError(WHERE, "must hold weights as *.safetensors", str(folder))


def gguf_file(name: str) -> InputError:
    """The refusal of weights of llama.cpp."""
    remedy = "Load it with from_pretrained(folder, gguf_file=NAME), and save it with save_pretrained."
    return InputError(WHERE, "must hold weights as *.safetensors", name, remedy)


def _check_index(index: Path) -> None:
    """Refuse an index that has other weights loaded than those in the folder, whose fingerprint would not change."""
    parts = read_json(index).get("weight_map")
    for name in sorted({str(part) for part in parts.values()}) if isinstance(parts, dict) else []:
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise InputError(str(index), "must name *.safetensors files of its own folder", name)
        if not (index.parent / name).is_file():
            raise InputError(WHERE, f"must hold every file that {index.name} names", f"none of the name {name}")


def _types(file: Path) -> Iterator[tuple[str, str]]:
    """The names of a file's tensors, and the types of their numbers, as safetensors calls them.

    Raises:
        InputError: the file is not whole.
    """
    safetensors: Any = library("safetensors")
    try:
        with safetensors.safe_open(file, framework="np") as opened:
            yield from [(name, opened.get_slice(name).get_dtype()) for name in opened.keys()]  # noqa: SIM118
    except Exception as error:  # the library's own error, or the system's
        remedy = "Fetch it again; what Git LFS leaves in place of a file is no weights."
        raise InputError(str(file), "must be a whole safetensors file", first_line(error), remedy) from None
