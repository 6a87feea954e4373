"""The arguments of format `megatron-core`, read by Megatron-Core's own functions, which ask for a GPU, on the CPU."""

import json
import warnings
from typing import Any

import numpy as np
from torch.overrides import TorchFunctionMode

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it says that Transformer Engine and Apex are not installed
    from megatron.core.transformer.utils import get_sliding_window_causal_mask, is_layer_window_attention

from nas.export.contract.export_format import Files
from nas.export.contract.masks import Reading, compare_masks
from nas.export.formats.megatron_core import FILE_NAME, NAME
from nas.patterns.arrays import Flags, Positions
from nas.patterns.model import ModelPattern

_LONGEST = 1 << 12
"""Longest sequence, in tokens: its masks are dense."""


class _OnCPU(TorchFunctionMode):
    """Makes tensors on the CPU that the code inside asks for on a GPU."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        named = dict(kwargs or {})
        if "device" in named:
            named["device"] = "cpu"
        return func(*args, **named)


def check(files: Files, pattern: ModelPattern) -> tuple[str, ...]:
    """Compare the masks of Megatron-Core's unfused softmax with the pattern's.

    Raises:
        ExportError: they differ.
    """
    arguments = json.loads(files[FILE_NAME])
    window, frequency = arguments["window_size"], arguments["window_attn_skip_freq"]

    def rows(layer: int, query: Positions, num_tokens: int) -> Flags:
        windowed = is_layer_window_attention(tuple(window) if window else None, frequency, layer + 1)
        size = tuple(window) if windowed else (num_tokens, 0)
        with _OnCPU():
            hidden = get_sliding_window_causal_mask(num_tokens, num_tokens, size).numpy()
        return np.broadcast_to(~hidden[query], (pattern.num_heads, len(query), num_tokens))

    return compare_masks(Reading(rows=rows), pattern, NAME, longest=_LONGEST)
