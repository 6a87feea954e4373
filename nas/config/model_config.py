"""A target read from the config.json of a model that transformers saved: plain JSON, nothing of it is run."""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nas.config.model_families import FAMILIES, UNKNOWN
from nas.config.model_fields import OWN_FILE, ModelFields
from nas.costs.target import Target
from nas.errors import InputError
from nas.patterns.model import MOST_LAYERS

MOST_CONFIG_BYTES = 2**20
"""Longest config.json that is read, in bytes; published ones have a few thousand."""

_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts")


def names_a_file(target: str) -> bool:
    """Whether a value of `target` is the path of a config.json rather than the name of a shipped target."""
    return "/" in target or target.endswith(".json")


def read_model_config(path: Path) -> Target:
    """The decoder that a config.json describes, at the longest sequence that it was made for.

    Of a model of text and pictures it is the text model. Keys that the file leaves out mean what they mean to
    transformers, for the families of `nas.config.model_families`; of others the file must have every key, and their
    MLP is taken for a gated one.

    Args:
        path: the file; its folder's name becomes the target's.

    Raises:
        InputError: it is no plain file or no JSON, lacks a key, or describes layers that a target cannot have.
    """
    fields = read_model_fields(path, "target")
    family = FAMILIES.get(fields.model_type, UNKNOWN)
    num_layers = fields.count("num_hidden_layers")
    if num_layers > MOST_LAYERS:
        raise InputError(f"{path}: num_hidden_layers", f"must be at most {MOST_LAYERS}", num_layers)
    if fields.values.get("use_bidirectional_attention") is True:
        raise InputError(f"{path}: use_bidirectional_attention", "must not be true, as targets are causal", True)
    num_heads, d_model = fields.count("num_attention_heads"), fields.count("hidden_size")
    return Target(
        name=path.absolute().parent.name or path.stem,
        num_tokens=fields.count("max_position_embeddings"),
        num_layers=num_layers,
        num_heads=num_heads,
        num_kv_heads=fields.count("num_key_value_heads", otherwise=num_heads),
        d_model=d_model,
        d_head=fields.count("head_dim", otherwise=max(1, d_model // num_heads)),
        d_mlp=fields.count("intermediate_size") * _experts_per_token(fields),
        gated_mlp=True,
        vocab_size=fields.count("vocab_size"),
        tied_embeddings=fields.flag("tie_word_embeddings"),
        bytes_per_element=_BYTES.get(str(fields.values.get("dtype")), 2),
        fused_attention=True,
        native_windows=family.windows(fields, num_layers),
    )


def read_model_fields(path: Path, where: str) -> ModelFields:
    """The keys of the decoder that a config.json describes; of a model of text and pictures those of the text model.

    Args:
        path: the file.
        where: the argument that names it, for messages.

    Raises:
        InputError: it is no plain file or no JSON.
    """
    return _fields(_read(path, where), str(path))


def _read(path: Path, where: str) -> Mapping[str, Any]:
    _check_plain(path, where)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(where, f"must be a file that can be read ({error.strerror})", str(path)) from None
    except (ValueError, RecursionError) as error:
        raise InputError(str(path), "must be a JSON file", type(error).__name__) from None
    if not isinstance(document, Mapping):
        raise InputError(str(path), "must hold a JSON object", type(document).__name__)
    return document


def _check_plain(path: Path, where: str) -> None:
    try:
        found = os.lstat(path)
    except (OSError, ValueError) as error:
        allowed = f"must be the config.json of a model ({getattr(error, 'strerror', error)})"
        raise InputError(where, allowed, str(path)) from None
    if not stat.S_ISREG(found.st_mode):
        remedy = "Name the file that it leads to." if stat.S_ISLNK(found.st_mode) else "Name its config.json."
        raise InputError(where, "must be a plain file, not a link or a folder", str(path), remedy)
    if found.st_size > MOST_CONFIG_BYTES:
        raise InputError(str(path), f"must be at most {MOST_CONFIG_BYTES:,} bytes long", found.st_size)


def _fields(document: Mapping[str, Any], file: str) -> ModelFields:
    """The keys of the text model, with those that a model of text and pictures has at the top."""
    inner = document.get("text_config")
    text = inner if isinstance(inner, Mapping) else document
    model_type = str(text.get("model_type", ""))
    shared = {key: document[key] for key in ("tie_word_embeddings", "dtype", "torch_dtype") if key in document}
    values = {**FAMILIES.get(model_type, UNKNOWN).defaults, **shared, **text}
    return ModelFields(file, model_type, {"dtype": values.get("torch_dtype"), **values})


def _experts_per_token(fields: ModelFields) -> int:
    """The MLPs that a token goes through: a mixture counts as one MLP as wide as the experts that it picks together."""
    if fields.model_type == "gpt_oss":
        return fields.count("num_experts_per_tok")
    for key in _EXPERTS:
        number = fields.values.get(key)
        if isinstance(number, int) and number > 1:
            allowed = "must be 1 or left out, as experts are read of gpt_oss alone"
            raise InputError(f"{fields.file}: {key}", allowed, number, OWN_FILE)
    return 1
