"""The yardstick of every ratio: the same model with full attention."""

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full


def full_pattern(like: ModelPattern) -> ModelPattern:
    """Full attention with the layers, heads, causality and grid of another pattern."""
    every_head = (HeadGroup(like.num_heads, (Full(),)),)
    return ModelPattern.of([every_head] * like.num_layers, causal=like.causal, grid=like.grid, position=like.position)
