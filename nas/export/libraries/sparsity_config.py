"""The section of target `deepspeed`, read by DeepSpeed's own sparsity configs; its kernels are not run."""

import json
from collections.abc import Callable
from typing import Any

from deepspeed.ops.sparse_attention.sparsity_config import (
    BSLongformerSparsityConfig,
    DenseSparsityConfig,
    FixedSparsityConfig,
    VariableSparsityConfig,
)

from nas.export.targets.deepspeed import FILE_NAME, NAME, layout_reading
from nas.export.targets.proof import compare_masks
from nas.export.targets.reading import Files
from nas.patterns.model import ModelPattern

_CONFIGS: dict[str, Callable[..., Any]] = {
    "dense": DenseSparsityConfig,
    "fixed": FixedSparsityConfig,
    "variable": VariableSparsityConfig,
    "bslongformer": BSLongformerSparsityConfig,
}
_LONGEST = 1 << 12
"""Its layouts are made by loops in Python, so the long length ends here, in tokens."""


def check(files: Files, pattern: ModelPattern) -> tuple[str, ...]:
    """Compare the layouts that DeepSpeed makes, cut causally where the pattern is, with the pattern's masks.

    Raises:
        ExportError: they differ.
    """
    section = json.loads(files[FILE_NAME])["sparse_attention"]
    keys = {key: value for key, value in section.items() if key != "mode"}
    config = _CONFIGS[section["mode"]](num_heads=pattern.num_heads, **keys)
    reading = layout_reading(section, config.make_layout, pattern.num_heads, pattern.causal)
    return compare_masks(reading, pattern, NAME, longest=_LONGEST)
