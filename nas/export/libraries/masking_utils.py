"""The keys of format `transformers-config`, read by transformers' own configs, mask functions and attention layers."""

import json
from inspect import signature
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import BigBirdConfig, LongformerConfig, PreTrainedConfig
from transformers.masking_utils import LAYER_PATTERN_TO_MASK_FUNCTION_MAPPING
from transformers.models.big_bird.modeling_big_bird import BigBirdSelfAttention
from transformers.models.longformer.modeling_longformer import LongformerSelfAttention

from nas.export.contract.export_format import Files
from nas.export.contract.masks import Reading, compare_masks
from nas.export.formats.transformers_config import FILE_NAME, NAME, GlobalTokens, read_global_tokens
from nas.patterns.arrays import Flags, Positions
from nas.patterns.model import ModelPattern

_LONGEST, _LONGEST_LAYER = 1 << 12, 1 << 9
"""Longest sequences, in tokens: its masks are dense, and its layers are as wide here as the sequence is long."""
_GLOBAL = 10_000.0
"""The mark that LongformerModel gives its layers for a global token."""


def check(files: Files, pattern: ModelPattern) -> tuple[str, ...]:
    """Compare the masks that transformers makes of the keys with the pattern's.

    Longformer's layers need a multiple of the window, to which LongformerModel pads; so nothing is compared if the
    pattern has a grid of another length.

    Raises:
        ExportError: they differ.
    """
    keys = json.loads(files[FILE_NAME])
    kind = keys.pop("model_type", None)
    if kind is None:
        return compare_masks(_decoder(keys, pattern.num_layers, pattern.num_heads), pattern, NAME, longest=_LONGEST)
    if kind == "big_bird":
        reading = _big_bird(keys, pattern.num_heads)
    else:
        reading = _longformer(keys, read_global_tokens(files), pattern.num_heads)
    if pattern.grid and reading.length_from(prod(pattern.grid)) != prod(pattern.grid):
        return ()
    return compare_masks(reading, pattern, NAME, longest=_LONGEST_LAYER)


def _decoder(keys: dict[str, Any], num_layers: int, num_heads: int) -> Reading:
    """The masks that `masking_utils` builds for each layer, called in the same way as by models with such layers."""
    config = PreTrainedConfig(num_hidden_layers=num_layers, **keys)
    config._attn_implementation = "sdpa"
    by_layer = "per_layer_config" in keys
    layers = [config.per_layer_config[layer] if by_layer else config for layer in range(num_layers)]

    def rows(layer: int, query: Positions, num_tokens: int) -> Flags:
        make = LAYER_PATTERN_TO_MASK_FUNCTION_MAPPING[keys["layer_types"][layer]]
        embedded = torch.zeros(1, num_tokens, 1)
        older = {"cache_position": torch.arange(num_tokens)} if "cache_position" in signature(make).parameters else {}
        mask = make(config=layers[layer], inputs_embeds=embedded, attention_mask=None, past_key_values=None, **older)
        if mask is None:  # a plain causal mask is left to the kernel
            mask = torch.ones(1, 1, num_tokens, num_tokens, dtype=torch.bool).tril()
        return _of_all_heads(mask[0, 0].numpy()[query], num_heads)

    return Reading(rows=rows)


def _longformer(keys: dict[str, Any], tokens: GlobalTokens, num_heads: int) -> Reading:
    """The keys that get any weight in a layer of Longformer."""

    def rows(layer: int, query: Positions, num_tokens: int) -> Flags:
        config = LongformerConfig(**keys, **_one_head(num_tokens))
        module = LongformerSelfAttention(config, layer)
        place = torch.arange(num_tokens)[None]
        is_global = tokens.include(place, num_tokens)
        arguments = {
            "attention_mask": is_global * _GLOBAL,
            "is_index_masked": torch.zeros_like(is_global),
            "is_index_global_attn": is_global,
            "is_global_attn": bool(is_global.any()),
        }
        return _of_all_heads(_weighted(module, num_tokens, arguments)[query], num_heads)

    return Reading(rows=rows, multiple_of=max(keys["attention_window"]))


def _big_bird(keys: dict[str, Any], num_heads: int) -> Reading:
    """The keys that get any weight in a layer of BigBird with full attention."""

    def rows(layer: int, query: Positions, num_tokens: int) -> Flags:
        module = BigBirdSelfAttention(BigBirdConfig(**keys, **_one_head(num_tokens)))
        return _of_all_heads(_weighted(module, num_tokens, {})[query], num_heads)

    return Reading(rows=rows)


def _of_all_heads(rows: Flags, num_heads: int) -> Flags:
    return np.broadcast_to(rows, (num_heads, *rows.shape))


def _one_head(num_tokens: int) -> dict[str, Any]:
    """A config with one head, as wide as the sequence is long."""
    return {
        "hidden_size": num_tokens,
        "num_attention_heads": 1,
        "attention_probs_dropout_prob": 0.0,
        "sep_token_id": None,
    }


def _weighted(module: torch.nn.Module, num_tokens: int, arguments: dict[str, Any]) -> Flags:
    """Which keys get any weight: with the identity as values and equal scores, the output is the weights themselves.

    Args:
        module: a layer with one head, as wide as the sequence is long.
        num_tokens: sequence length, in tokens.
        arguments: further arguments of the layer.

    Returns:
        bool, shape (queries, keys).
    """
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            value = name.startswith("value") and name.endswith("weight")
            parameter.copy_(torch.eye(num_tokens) if value else torch.zeros_like(parameter))
        weights: Tensor = module.eval()(torch.eye(num_tokens)[None], **arguments)[0]
    visible: Flags = (weights[0] > 0).numpy()
    return visible
