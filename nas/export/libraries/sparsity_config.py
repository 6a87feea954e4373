"""The section of format `deepspeed`, read by DeepSpeed's own sparsity configs; its kernels are not run."""

import json
from collections.abc import Callable
from typing import Any

from deepspeed.ops.sparse_attention.sparsity_config import (
    BSLongformerSparsityConfig,
    DenseSparsityConfig,
    FixedSparsityConfig,
    VariableSparsityConfig,
)

from nas.export.contract.export_format import Files
from nas.export.contract.masks import compare_masks
from nas.export.formats.deepspeed import FILE_NAME, NAME
from nas.export.formats.deepspeed_section import layout_reading, parse_section
from nas.patterns.arrays import Flags
from nas.patterns.model import ModelPattern

_CONFIGS: dict[str, Callable[..., Any]] = {
    "dense": DenseSparsityConfig,
    "fixed": FixedSparsityConfig,
    "variable": VariableSparsityConfig,
    "bslongformer": BSLongformerSparsityConfig,
}
_LONGEST = 1 << 12
"""Longest sequence, in tokens: its layouts are made by loops in Python."""


def check(files: Files, pattern: ModelPattern) -> tuple[str, ...]:
    """Compare the layouts that DeepSpeed makes, cut causally if the pattern is causal, with the pattern's masks.

    Raises:
        ExportError: they differ.
    """
    keys = json.loads(files[FILE_NAME])["sparse_attention"]
    config = _CONFIGS[keys.pop("mode")](num_heads=pattern.num_heads, **keys)

    def layout(num_tokens: int) -> Flags:
        blocks: Flags = config.make_layout(num_tokens).bool().numpy()
        return blocks

    reading = layout_reading(parse_section(files[FILE_NAME]), layout, pattern.num_heads, pattern.causal)
    return compare_masks(reading, pattern, NAME, longest=_LONGEST)
