"""The keys of format `mlx-lm`, read by MLX-LM's own Llama; MLX runs on a CPU too."""

import json

import mlx.core as mx
import numpy as np
from mlx_lm.models.base import create_attention_mask
from mlx_lm.models.cache import RotatingKVCache
from mlx_lm.models.llama import Model, ModelArgs

from nas.errors import ExportError
from nas.export.contract.export_format import Files
from nas.export.contract.masks import Reading, compare_masks
from nas.export.formats.mlx_lm import FILE_NAME, NAME
from nas.patterns.arrays import Flags, Positions
from nas.patterns.model import ModelPattern

_LONGEST = 1 << 12
"""Longest sequence, in tokens: its masks are dense."""


def check(files: Files, pattern: ModelPattern) -> tuple[str, ...]:
    """Compare the masks that MLX-LM makes for each layer of a small Llama, and the keys that its caches hold.

    Raises:
        ExportError: they differ.
    """
    model = Model(_arguments(json.loads(files[FILE_NAME]), pattern))

    def rows(layer: int, query: Positions, num_tokens: int) -> Flags:
        window = model.model.sliding_window if model.layers[layer].use_sliding else None
        made = create_attention_mask(mx.zeros((1, num_tokens, 1)), window_size=window, return_array=True)
        seen = np.ones((1, 1), dtype=np.bool_) if made is None else np.array(made)  # a single token needs no mask
        return np.broadcast_to(seen[query], (pattern.num_heads, len(query), num_tokens))

    for layer, cache in enumerate(model.make_cache()):
        held = cache.max_size if isinstance(cache, RotatingKVCache) else None
        if held != (model.model.sliding_window if model.layers[layer].use_sliding else None):
            raise ExportError(f"{NAME}: the cache of layer {layer} must hold the window, got {held} keys.")
    return (*compare_masks(Reading(rows=rows), pattern, NAME, longest=_LONGEST), "the keys that caches hold")


def _arguments(keys: dict[str, object], pattern: ModelPattern) -> ModelArgs:
    small = {
        "model_type": "llama",
        "hidden_size": 8 * pattern.num_heads,
        "num_hidden_layers": pattern.num_layers,
        "intermediate_size": 8,
        "num_attention_heads": pattern.num_heads,
        "rms_norm_eps": 1e-5,
        "vocab_size": 8,
    }
    return ModelArgs.from_dict(small | keys)
