"""The settings of a checkpoint, looked at before transformers obeys them: no code, and no file of another folder."""

from pathlib import Path
from typing import Any

from nas.errors import InputError
from nas.pretrained.loading import WHERE, read_json
from nas.pretrained.weight_files import not_plain

_TOKENIZER_FILES = ("tokenizer_config.json", "special_tokens_map.json")

_ARGUMENTS = ("vocab", "merges", "init_inputs")
"""What would reach a tokenizer in the place of its own vocabulary; no `save_pretrained` writes them."""


def check_settings(folder: Path) -> None:
    """Refuse settings that ask for code or for files elsewhere, whose change no fingerprint would show.

    Args:
        folder: of a checkpoint.

    Raises:
        InputError: they do, or the weights are quantised.
    """
    config = read_json(folder / "config.json")
    if (quantised := config.get("quantization_config")) is not None:
        method = quantised.get("quant_method", "?") if isinstance(quantised, dict) else "?"
        raise not_plain(f"quantization_config in config.json: {method}")
    _check_code(config, "config.json")
    if (name := config.get("transformers_weights")) is not None:
        raise _elsewhere("config.json", "transformers_weights", name)
    for file in _TOKENIZER_FILES:
        if (folder / file).exists():
            document = read_json(folder / file)
            _check_code(document, file)
            _check_tokenizer(document, file)


def _check_code(document: dict[str, Any], file: str) -> None:
    if document.get("auto_map"):
        allowed = f"must run no code of its own, which auto_map in {file} asks for"
        remedy = "Use a checkpoint whose architecture transformers knows."
        raise InputError(WHERE, allowed, document["auto_map"], remedy)


def _check_tokenizer(document: dict[str, Any], file: str) -> None:
    for key in _ARGUMENTS:
        if document.get(key):
            raise _elsewhere(file, key, document[key])
    if file != "tokenizer_config.json":  # there, transformers takes those of the folder instead
        for key, value in document.items():
            if key.endswith("_file") and value is not None:
                raise _elsewhere(file, key, value)
    names = document.get("fast_tokenizer_files") or []
    for name in names if isinstance(names, list) else [names]:
        if not isinstance(name, str) or Path(name).name != name:
            raise _elsewhere(file, "fast_tokenizer_files", name)


def _elsewhere(file: str, key: str, value: object) -> InputError:
    remedy = "Remove the key; what lies in the folder under its usual name is read without it."
    return InputError(
        f"{file}: {key}", "must not name what is read in the place of the folder's own files", value, remedy
    )
