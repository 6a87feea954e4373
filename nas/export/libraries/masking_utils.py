"""The keys of target `transformers-config`, read by transformers' own configs, mask functions and attention layers."""

import json
from inspect import signature
from typing import Any

import torch
from torch import Tensor
from transformers import BigBirdConfig, LongformerConfig, PreTrainedConfig
from transformers.masking_utils import LAYER_PATTERN_TO_MASK_FUNCTION_MAPPING
from transformers.models.big_bird.modeling_big_bird import BigBirdSelfAttention
from transformers.models.longformer.modeling_longformer import LongformerSelfAttention

from nas.export.targets.proof import compare_masks
from nas.export.targets.reading import Files, Reading
from nas.export.targets.transformers_config import FILE_NAME, GLOBAL_FILE_NAME, NAME
from nas.patterns.model import ModelPattern

_LONGEST, _LONGEST_LAYER = 1 << 12, 1 << 9
"""Its masks are dense, and its layers are as wide as the sequence is long: there the long length ends, in tokens."""
_GLOBAL = 10_000.0
"""How LongformerModel marks a global token for its layers."""


def check(files: Files, pattern: ModelPattern) -> tuple[str, ...]:
    """Compare the masks that transformers makes of the keys with the pattern's.

    Raises:
        ExportError: they differ.
    """
    keys = json.loads(files[FILE_NAME])
    kind = keys.pop("model_type", None)
    if kind is None:
        return compare_masks(_decoder(keys, pattern.num_layers, pattern.num_heads), pattern, NAME, longest=_LONGEST)
    tokens = json.loads(files.get(GLOBAL_FILE_NAME, '{"first": 0, "last": 0}'))
    reading = _big_bird(keys, pattern.num_heads) if kind == "big_bird" else _longformer(keys, tokens, pattern.num_heads)
    return compare_masks(reading, pattern, NAME, longest=_LONGEST_LAYER)


def _decoder(keys: dict[str, Any], num_layers: int, num_heads: int) -> Reading:
    """What `masking_utils` makes for each layer, as models with such layers ask for it."""
    config = PreTrainedConfig(num_hidden_layers=num_layers, **keys)
    config._attn_implementation = "sdpa"
    by_layer = "per_layer_config" in keys
    layers = [config.per_layer_config[layer] if by_layer else config for layer in range(num_layers)]

    def rows(layer: int, query: Tensor, num_tokens: int) -> Tensor:
        make = LAYER_PATTERN_TO_MASK_FUNCTION_MAPPING[keys["layer_types"][layer]]
        embedded = torch.zeros(1, num_tokens, 1)
        older = {"cache_position": torch.arange(num_tokens)} if "cache_position" in signature(make).parameters else {}
        mask = make(config=layers[layer], inputs_embeds=embedded, attention_mask=None, past_key_values=None, **older)
        if mask is None:  # it leaves a plain causal mask to the kernel
            mask = torch.ones(1, 1, num_tokens, num_tokens, dtype=torch.bool).tril()
        rows: Tensor = mask[0, 0, query]
        return rows.expand(num_heads, len(query), num_tokens)

    return Reading(rows=rows)


def _longformer(keys: dict[str, Any], tokens: dict[str, int], num_heads: int) -> Reading:
    """The keys that get any weight in a layer of Longformer."""

    def rows(layer: int, query: Tensor, num_tokens: int) -> Tensor:
        config = LongformerConfig(**keys, **_one_head(num_tokens))
        module = LongformerSelfAttention(config, layer)
        place = torch.arange(num_tokens)[None]
        is_global = (place < tokens["first"]) | (place >= num_tokens - tokens["last"])
        shown = {
            "attention_mask": is_global * _GLOBAL,
            "is_index_masked": torch.zeros_like(is_global),
            "is_index_global_attn": is_global,
            "is_global_attn": bool(is_global.any()),
        }
        return _weighted(module, num_tokens, shown)[query].expand(num_heads, len(query), num_tokens)

    return Reading(rows=rows, multiple_of=max(keys["attention_window"]))


def _big_bird(keys: dict[str, Any], num_heads: int) -> Reading:
    """The keys that get any weight in a layer of BigBird with full attention."""

    def rows(layer: int, query: Tensor, num_tokens: int) -> Tensor:
        module = BigBirdSelfAttention(BigBirdConfig(**keys, **_one_head(num_tokens)))
        return _weighted(module, num_tokens, {})[query].expand(num_heads, len(query), num_tokens)

    return Reading(rows=rows)


def _one_head(num_tokens: int) -> dict[str, Any]:
    """A config with one head, as wide as the sequence is long."""
    return {
        "hidden_size": num_tokens,
        "num_attention_heads": 1,
        "attention_probs_dropout_prob": 0.0,
        "sep_token_id": None,
    }


def _weighted(module: torch.nn.Module, num_tokens: int, shown: dict[str, Any]) -> Tensor:
    """Which keys get weight: with the identity for values and equal scores, an output is the weights themselves.

    Returns:
        bool, shape (queries, keys).
    """
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            value = name.startswith("value") and name.endswith("weight")
            parameter.copy_(torch.eye(num_tokens) if value else torch.zeros_like(parameter))
        weights: Tensor = module.eval()(torch.eye(num_tokens)[None], **shown)[0]
    return weights[0] > 0
