"""Where a checkpoint lies, and whether it may be loaded."""

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from nas.errors import InputError
from nas.pretrained.loading import library

WHERE = "checkpoint"
"""The setting that names the checkpoint, as messages call it."""

HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")

SAFE_FILES = ("*.json", "*.safetensors", "*.txt", "*.model", "*.jinja")
"""What is fetched from a hub: settings, weights, vocabularies. Neither Python nor pickles."""

UNSAFE_WEIGHTS = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


def find_checkpoint(name: str) -> Path:
    """The folder of a checkpoint whose files are safe to load.

    Args:
        name: a local folder, or the name of a model on the Hugging Face hub (`owner/name`), which is fetched unless the
            hub's own cache has it.

    Raises:
        InputError: nothing is there, its weights are pickles or lie elsewhere, or it would run code of its own.
    """
    folder = Path(name).expanduser()
    if not folder.is_dir():
        folder = _fetch(name)
    _check_weights(folder)
    _check_redirections(folder)
    config = read_json(folder / "config.json")
    tokenizer = folder / "tokenizer_config.json"
    for file, document in [("config.json", config)] + (
        [(tokenizer.name, read_json(tokenizer))] if tokenizer.is_file() else []
    ):
        if document.get("auto_map"):
            allowed = f"must run no code of its own, which auto_map in {file} asks for"
            raise InputError(WHERE, allowed, name, "Use a checkpoint whose architecture transformers knows.")
    return folder


def read_json(file: Path) -> dict[str, Any]:
    """A JSON file of a checkpoint.

    Raises:
        InputError: it is missing, or no JSON object.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        remedy = "Save a model there with save_pretrained."
        raise InputError(WHERE, f"must hold a {file.name}", str(file.parent), remedy) from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(str(file), "must be a JSON file", _first_line(error)) from None
    if not isinstance(document, dict):
        raise InputError(str(file), "must hold a JSON object", document)
    return document


def checkpoint_fingerprint(folder: Path) -> str:
    """SHA-256 of everything that decides what the model says, hexadecimal: settings, vocabulary, weights."""
    digest = sha256()
    for file in sorted(path for pattern in SAFE_FILES for path in folder.glob(pattern)):
        digest.update(f"{file.name} {file.stat().st_size} ".encode())
        with file.open("rb") as stream:
            while part := stream.read(2**20):
                digest.update(part)
    return digest.hexdigest()


def _fetch(name: str) -> Path:
    if not HUB_NAME.fullmatch(name):
        raise InputError(WHERE, "must be a folder, or the owner/name of a model on the Hugging Face hub", name)
    hub = library("huggingface_hub")
    try:
        return Path(hub.snapshot_download(name, allow_patterns=list(SAFE_FILES)))
    except Exception as error:  # the hub's client raises errors of its own, of its HTTP library and of the system
        allowed = "must be a folder that is there, or a model that the Hugging Face hub lets you read"
        raise InputError(WHERE, allowed, name, f"The hub's client says: {_first_line(error)}.") from None


def _check_weights(folder: Path) -> None:
    if any(folder.glob("*.safetensors")):
        return
    unsafe = sorted(file.name for pattern in UNSAFE_WEIGHTS for file in folder.glob(pattern))
    if unsafe:
        remedy = "Load it where you trust it, and save it with save_pretrained(safe_serialization=True)."
        raise InputError(
            WHERE, "must hold its weights as safetensors, not as pickles, which run code", unsafe[0], remedy
        )
    raise InputError(WHERE, "must hold weights as *.safetensors", str(folder))


def _check_redirections(folder: Path) -> None:
    """Refuse files that have other weights loaded than those in the folder, whose fingerprint would not change."""
    adapter = "adapter_config.json"
    if (folder / adapter).exists():
        remedy = "Merge the adapter with peft's merge_and_unload, and save the model with save_pretrained."
        raise InputError(WHERE, "must be a whole model, not an adapter of another one", adapter, remedy)
    for index in sorted(folder.glob("*.index.json")):
        parts = read_json(index).get("weight_map")
        names = sorted({str(part) for part in parts.values()}) if isinstance(parts, dict) else []
        for name in names:
            if Path(name).name != name or not name.endswith(".safetensors"):
                raise InputError(str(index), "must name *.safetensors files of its own folder", name)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
