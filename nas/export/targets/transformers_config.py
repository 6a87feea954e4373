"""Target `transformers-config`: keys for the config.json of a transformers model that has such attention built in."""

import json
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nas.export.provenance import Provenance
from nas.export.settings import ExportSettings
from nas.export.targets.reading import Files, Reading
from nas.export.targets.supported_heads import Heads, masked_heads, only_union
from nas.export.targets.target import Format, Library, proved_by_masks
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Full, Global, Window

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

A causal pattern becomes `layer_types` with `sliding_window` (keys, the query's own among them) and
`attention_chunk_size`, which models read that have such layers: Qwen2, Qwen3, Gemma 2 and 3, Llama 4 and others; set
what else they ask for (Qwen: `use_sliding_window`). Where windows or chunks differ from layer to layer the numbers
stand in `per_layer_config`, which few models of transformers 5.23 read (Qwen3 raises an error): `--format transformers`
needs no such model. A bidirectional pattern becomes `attention_window` of a Longformer, with the tokens of
`{GLOBAL_FILE_NAME}`, if there are any, to be set to 1 in the `global_attention_mask` of every call; Longformer then
uses its separate projections for them. Full attention both ways is BigBird's `original_full`.
"""

_WHY = "it can say one window, one chunk or full attention for a layer"
_LEAST = 2
"""Keys before the query in Longformer's smallest window that runs: with 1 transformers 5.23 raises an error."""


def write(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> Files:
    """The keys, and the global tokens of a Longformer.

    Raises:
        Refusal: the config cannot say a layer, or the heads of one attend differently.
    """
    layers = [only_union(heads, NAME) for heads in masked_heads(pattern, NAME)]
    if pattern.causal:
        return {FILE_NAME: _text(_decoder(layers))}
    if all(heads.union == (Full(),) for heads in layers):
        return {FILE_NAME: _text({"model_type": "big_bird", "attention_type": "original_full"})}
    return _longformer(layers)


@dataclass(frozen=True, slots=True)
class _Kind:
    layer_type: str
    key: str = ""
    number: int = 0


def _decoder(layers: list[Heads]) -> dict[str, Any]:
    kinds = [_kind(heads) for heads in layers]
    keys: dict[str, Any] = {"layer_types": [kind.layer_type for kind in kinds]}
    numbers = {key: sorted({kind.number for kind in kinds if kind.key == key}) for key in _NUMBERS}
    if max(map(len, numbers.values())) < 2:
        return keys | {key: found[0] for key, found in numbers.items() if found}
    # A layer of a config with per_layer_config must not have both numbers, so each layer says both.
    per_layer = {str(layer): {key: _number(kind, key) for key in _NUMBERS} for layer, kind in enumerate(kinds)}
    return keys | dict.fromkeys(_NUMBERS) | {"per_layer_config": per_layer}


_NUMBERS = ("sliding_window", "attention_chunk_size")


def _number(kind: _Kind, key: str) -> int | None:
    return kind.number if kind.key == key else None


def _kind(heads: Heads) -> _Kind:
    first = heads.union[0]
    if heads.union == (Full(),):
        return _Kind("full_attention")
    if isinstance(first, Window) and first.dilation == 1 and len(heads.union) == 1:
        return _Kind("sliding_attention", "sliding_window", first.before + 1)
    if isinstance(first, Block) and first.shift == 0 and len(heads.union) == 1:
        return _Kind("chunked_attention", "attention_chunk_size", first.tokens)
    plain = [one for one in heads.union if not isinstance(one, Window) or one.dilation > 1]
    raise heads.refuse(NAME, plain[0] if plain else first, _WHY)


def _longformer(layers: list[Heads]) -> Files:
    windows = [_sides(heads) for heads in layers]
    for heads, window in zip(layers, windows, strict=True):
        if max(windows) % window:
            raise heads.refuse(NAME, _window(heads), "Longformer's windows must divide the largest, to which it pads")
    files: Files = {FILE_NAME: _text({"model_type": "longformer", "attention_window": [2 * one for one in windows]})}
    tokens = [_tokens(heads) for heads in layers]
    for heads, told in zip(layers, tokens, strict=True):
        if told != tokens[0]:
            odd = next((one for one in heads.union if isinstance(one, Global)), _window(heads))
            raise heads.refuse(NAME, odd, "Longformer's global tokens are the same in all layers")
    if any(tokens[0].values()):
        files[GLOBAL_FILE_NAME] = _text(tokens[0])
    return files


def _sides(heads: Heads) -> int:
    """Keys before the query, and as many after it."""
    window = _window(heads)
    for primitive in heads.union:
        if primitive is not window and not isinstance(primitive, Global):
            raise heads.refuse(NAME, primitive, "Longformer can say one window and global tokens")
    if window.dilation > 1 or window.before != window.after or window.before < _LEAST:
        raise heads.refuse(NAME, window, f"Longformer's has as many keys before as after, {_LEAST} or more, no gaps")
    return window.before


def _window(heads: Heads) -> Window:
    """The first window of the union."""
    for primitive in heads.union:
        if isinstance(primitive, Window):
            return primitive
    raise heads.refuse(NAME, heads.union[0], "Longformer can say one window and global tokens")


def _tokens(heads: Heads) -> dict[str, int]:
    """How many tokens at the start and at the end are global."""
    found = [one for one in heads.union if isinstance(one, Global)]
    return {side: max((getattr(one, side) for one in found), default=0) for side in ("first", "last")}


def _text(keys: dict[str, Any]) -> str:
    return json.dumps(keys, indent=2) + "\n"


def read(files: Files, num_heads: int) -> Reading:
    """The masks by the rules of transformers' `masking_utils` and of Longformer, from the files alone."""
    keys = json.loads(files[FILE_NAME])
    tokens = json.loads(files.get(GLOBAL_FILE_NAME, '{"first": 0, "last": 0}'))

    def rows(layer: int, query: Tensor, num_tokens: int) -> Tensor:
        own, key = query[:, None], torch.arange(num_tokens)
        if keys.get("model_type") == "big_bird":
            seen = torch.ones(len(query), num_tokens, dtype=torch.bool)
        elif keys.get("model_type") == "longformer":
            near = (own - key).abs() <= keys["attention_window"][layer] // 2
            seen = near | _is_global(own, tokens, num_tokens) | _is_global(key, tokens, num_tokens)
        else:
            seen = _decoder_rows(keys, layer, own, key)
        return seen.expand(num_heads, len(query), num_tokens)

    return Reading(rows=rows)


def _is_global(token: Tensor, tokens: dict[str, int], num_tokens: int) -> Tensor:
    return (token < tokens["first"]) | (token >= num_tokens - tokens["last"])


def _decoder_rows(keys: dict[str, Any], layer: int, own: Tensor, key: Tensor) -> Tensor:
    numbers = keys.get("per_layer_config", {}).get(str(layer), keys)
    kind, seen = keys["layer_types"][layer], key <= own
    if kind == "sliding_attention":
        seen &= key > own - numbers["sliding_window"]
    if kind == "chunked_attention":
        seen &= key // numbers["attention_chunk_size"] == own // numbers["attention_chunk_size"]
    return seen


FORMAT = Format(
    summary="keys of config.json; one window, chunk or full attention a layer; both ways: Longformer, full BigBird",
    write=write,
    prove=proved_by_masks(NAME, read),
    usage=USAGE,
    library=Library(package="transformers", module="masking_utils"),
)
