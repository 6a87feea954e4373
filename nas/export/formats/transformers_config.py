"""Format `transformers-config`: keys for the config.json of a transformers model with such attention built in.

Source: transformers/masking_utils.py and the attention of transformers/models/longformer and big_bird, of transformers
5.23; 5.3 has no `per_layer_config`.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from nas.errors import ExportError
from nas.export.contract.export_format import Files, Format, Library, mask_check
from nas.export.contract.heads import Heads, masked_heads, single_group
from nas.export.contract.masks import Reading
from nas.patterns.arrays import Array, Flags, Positions
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Full, Global, Window
from nas.results.bundle import ExportSettings
from nas.results.provenance import Provenance

NAME = "transformers-config"
FILE_NAME = "config_fragment.json"
GLOBAL_FILE_NAME = "global_attention.json"

USAGE = f"""`{FILE_NAME}` holds keys for the `config.json` of a transformers model:

```python
import json
from pathlib import Path

keys = json.loads(Path("{FILE_NAME}").read_text())
config = json.loads(Path("./model/config.json").read_text()) | keys
```

A causal pattern becomes `layer_types` with `sliding_window` (keys, including the query's own) and
`attention_chunk_size`. Models with such layers read them: Qwen2, Qwen3, Gemma 2 and 3, Llama 4 and others.
`use_sliding_window` is set because the configs of Qwen 2, Qwen 3 and SmolLM 3 drop `sliding_window` without it; others
ignore it. Where windows or chunks differ between layers, the numbers are in
`per_layer_config`, which few models of transformers 5.23 read (Qwen3 raises an error): `--format transformers` works
without it. A bidirectional pattern becomes `attention_window` of a Longformer. If there is a `{GLOBAL_FILE_NAME}`, set
its tokens to 1 in the `global_attention_mask` of every call; Longformer then uses its separate projections for them.
Full attention in both directions is BigBird's `original_full`.
"""

_NUMBERS = ("sliding_window", "attention_chunk_size")
_WHY = "it represents one window, one chunk or full attention per layer"
_LONGFORMER_WHY = "Longformer represents one window and global tokens"
_BIG_BIRD_FULL = "original_full"
_LEAST = 2
"""Keys before the query in Longformer's smallest window that runs: with 1 transformers 5.23 raises an error."""


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The keys, and the global tokens of a Longformer.

    Raises:
        Refusal: the config cannot represent a layer, or the heads of a layer attend differently.
    """
    layers = [single_group(heads, NAME) for heads in masked_heads(pattern, NAME)]
    if pattern.causal:
        return {FILE_NAME: _text(_decoder(layers))}
    if all(heads.union == (Full(),) for heads in layers):
        return {FILE_NAME: _text({"model_type": "big_bird", "attention_type": _BIG_BIRD_FULL})}
    return _longformer(layers)


@dataclass(frozen=True, slots=True)
class GlobalTokens:
    """The tokens that see and are seen by all others in a Longformer.

    Args:
        first: tokens at the start of a sequence.
        last: tokens at its end.
    """

    first: int = 0
    last: int = 0

    def include(self, token: Array, num_tokens: int) -> Array:
        """Which tokens of a sequence are global, bool, the same shape as their positions."""
        return (token < self.first) | (token >= num_tokens - self.last)


@dataclass(frozen=True, slots=True)
class _LayerType:
    """An entry of `layer_types`, with the key and the number that it needs."""

    name: str
    key: str = ""
    number: int = 0


def _decoder(layers: list[Heads]) -> dict[str, Any]:
    kinds = [_layer_type(heads) for heads in layers]
    keys: dict[str, Any] = {"layer_types": [kind.name for kind in kinds]}
    if any(kind.key == "sliding_window" for kind in kinds):
        keys["use_sliding_window"] = True
    numbers = {key: sorted({kind.number for kind in kinds if kind.key == key}) for key in _NUMBERS}
    if max(map(len, numbers.values())) < 2:
        return keys | {key: found[0] for key, found in numbers.items() if found}
    # With per_layer_config no layer may have both numbers, so each layer has both keys, one or both of them None.
    per_layer = {str(layer): {key: _number(kind, key) for key in _NUMBERS} for layer, kind in enumerate(kinds)}
    return keys | dict.fromkeys(_NUMBERS) | {"per_layer_config": per_layer}


def _number(kind: _LayerType, key: str) -> int | None:
    return kind.number if kind.key == key else None


def _layer_type(heads: Heads) -> _LayerType:
    first = heads.union[0]
    if heads.union == (Full(),):
        return _LayerType("full_attention")
    if isinstance(first, Window) and first.dilation == 1 and len(heads.union) == 1:
        return _LayerType("sliding_attention", "sliding_window", first.before + 1)
    if isinstance(first, Block) and first.shift == 0 and len(heads.union) == 1:
        return _LayerType("chunked_attention", "attention_chunk_size", first.tokens)
    plain = [one for one in heads.union if not isinstance(one, Window) or one.dilation > 1]
    raise heads.refuse(NAME, plain[0] if plain else first, _WHY)


def _longformer(layers: list[Heads]) -> Files:
    windows = [_sides(heads) for heads in layers]
    for heads, window in zip(layers, windows, strict=True):
        if max(windows) % window:
            raise heads.refuse(
                NAME, _window(heads), "Longformer's windows must divide the largest one, to which it pads"
            )
    files: Files = {FILE_NAME: _text({"model_type": "longformer", "attention_window": [2 * one for one in windows]})}
    tokens = [_tokens(heads) for heads in layers]
    for heads, own in zip(layers, tokens, strict=True):
        if own != tokens[0]:
            odd = next((one for one in heads.union if isinstance(one, Global)), _window(heads))
            raise heads.refuse(NAME, odd, "Longformer's global tokens are the same in all layers")
    if tokens[0] != GlobalTokens():
        files[GLOBAL_FILE_NAME] = _text(asdict(tokens[0]))
    return files


def _sides(heads: Heads) -> int:
    """Keys before the query, and as many after it."""
    window = _window(heads)
    for primitive in heads.union:
        if primitive is not window and not isinstance(primitive, Global):
            raise heads.refuse(NAME, primitive, _LONGFORMER_WHY)
    if window.dilation > 1 or window.before != window.after or window.before < _LEAST:
        why = f"Longformer's window has as many keys before as after, {_LEAST} or more, without gaps"
        raise heads.refuse(NAME, window, why)
    return window.before


def _window(heads: Heads) -> Window:
    """The first window of the union."""
    for primitive in heads.union:
        if isinstance(primitive, Window):
            return primitive
    raise heads.refuse(NAME, heads.union[0], _LONGFORMER_WHY)


def _tokens(heads: Heads) -> GlobalTokens:
    found = [one for one in heads.union if isinstance(one, Global)]
    return GlobalTokens(max((one.first for one in found), default=0), max((one.last for one in found), default=0))


def _text(keys: dict[str, Any]) -> str:
    return json.dumps(keys, indent=2) + "\n"


def read_global_tokens(files: Files) -> GlobalTokens:
    """The global tokens of a Longformer; none without their file."""
    return GlobalTokens(**json.loads(files.get(GLOBAL_FILE_NAME, "{}")))


def read(files: Files, num_heads: int) -> Reading:
    """The masks by the rules of transformers' `masking_utils`, of Longformer and of BigBird.

    Raises:
        ExportError: a key has a value that `write` never gives it, so its mask is not known.
    """
    keys = json.loads(files[FILE_NAME])
    tokens = read_global_tokens(files)
    if keys.get("model_type") == "big_bird":
        _check_known("attention_type", [keys["attention_type"]], (_BIG_BIRD_FULL,))
    elif keys.get("model_type") != "longformer":
        _check_known("layer_types", keys["layer_types"], ("full_attention", "sliding_attention", "chunked_attention"))

    def rows(layer: int, query: Positions, num_tokens: int) -> Flags:
        own, key = query[:, None], np.arange(num_tokens)
        if keys.get("model_type") == "big_bird":
            seen = np.ones((len(query), num_tokens), dtype=np.bool_)
        elif keys.get("model_type") == "longformer":
            near = np.abs(own - key) <= keys["attention_window"][layer] // 2
            seen = near | tokens.include(own, num_tokens) | tokens.include(key, num_tokens)
        else:
            seen = _decoder_rows(keys, layer, own, key)
        return np.broadcast_to(seen, (num_heads, len(query), num_tokens))

    return Reading(rows=rows)


def _check_known(key: str, values: list[str], known: tuple[str, ...]) -> None:
    for value in values:
        if value not in known:
            raise ExportError(f"{NAME}: {key} read back must be {' or '.join(known)}, got {value!r}.")


def _decoder_rows(keys: dict[str, Any], layer: int, own: Positions, key: Positions) -> Flags:
    numbers = keys.get("per_layer_config", {}).get(str(layer), keys)
    kind, seen = keys["layer_types"][layer], key <= own
    if kind == "sliding_attention":
        seen &= key > own - numbers["sliding_window"]
    if kind == "chunked_attention":
        seen &= key // numbers["attention_chunk_size"] == own // numbers["attention_chunk_size"]
    return seen


FORMAT = Format(
    name=NAME,
    summary="keys of config.json; a window, chunk or full attention per layer; bidirectional: Longformer, full BigBird",
    write=write,
    check=mask_check(NAME, read),
    usage=USAGE,
    library=Library(package="transformers", module="masking_utils"),
)
