"""Where a checkpoint lies, and whether it may be loaded."""

import re
from hashlib import sha256
from pathlib import Path

from nas.errors import InputError
from nas.pretrained.loading import WHERE, library
from nas.pretrained.settings_files import check_settings
from nas.pretrained.weight_files import check_weight_files, gguf_file

HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")

SAFE_FILES = ("*.json", "*.safetensors", "*.txt", "*.model", "*.jinja")
"""What is fetched from a hub: settings, weights, vocabularies. Neither Python nor pickles."""


def find_checkpoint(name: str) -> Path:
    """The folder of a checkpoint whose files are safe to load.

    Args:
        name: a local folder, or the name of a model on the Hugging Face hub (`owner/name`), which is fetched unless the
            hub's own cache has it.

    Raises:
        InputError: nothing is there, its weights are pickles, quantised, cut off or elsewhere, or its settings ask
            for code of its own or for files elsewhere.
    """
    folder = Path(name).expanduser()
    if folder.is_file():
        raise gguf_file(name) if folder.suffix == ".gguf" else InputError(WHERE, "must be a folder, not a file", name)
    if not folder.is_dir():
        folder = _fetch(name)
    _check_whole(folder)
    check_weight_files(folder)
    check_settings(folder)
    return folder


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


def _check_whole(folder: Path) -> None:
    """Refuse an adapter, which has another model's weights loaded, whose fingerprint would not change."""
    adapter = "adapter_config.json"
    if (folder / adapter).exists():
        remedy = "Merge the adapter with peft's merge_and_unload, and save the model with save_pretrained."
        raise InputError(WHERE, "must be a whole model, not an adapter of another one", adapter, remedy)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
