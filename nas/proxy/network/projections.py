"""The learned projections of `low_rank` heads: their weights, and which head reads which."""

import math
from functools import lru_cache

import torch
from torch import Tensor

from nas.patterns.head import HeadPattern
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import LowRank
from nas.proxy.network.parameter_spec import ParameterSpec, matrix


def projection_specs(pattern: ModelPattern, num_tokens: int) -> tuple[ParameterSpec, ...]:
    """One weight a projection, with rows for the largest rank of the pattern, rounded up to a power of two.

    So patterns with ranks of one size share a cohort, and a projection starts as the first rows of a larger one:
    ranks nest. Values start with variance 1 / n, with which a mixed key varies as a key does. Linformer's authors
    draw them with 1 / (n + rank), but projections that nest must not depend on the rank.

    Args:
        pattern: its `low_rank` heads require projections.
        num_tokens: sequence length n, in tokens.

    Source: Wang et al. 2020 (Linformer), section 4; the authors' variance from fairseq, examples/linformer.
    """
    low_rank = [
        (layer.index, head.computed)
        for layer in pattern.layers
        for head in layer.head_patterns()
        if isinstance(head.computed, LowRank)
    ]
    if not low_rank:
        return ()
    num_rows = 1 << (max(primitive.rank for _, primitive in low_rank) - 1).bit_length()
    names = dict.fromkeys(name for layer, primitive in low_rank for name in _names(layer, primitive))
    return tuple(matrix(name, num_rows, num_tokens, 1 / math.sqrt(num_tokens)) for name in names)


def projections(
    weights: dict[str, Tensor], layer: int, heads: tuple[HeadPattern, ...], dtype: torch.dtype
) -> tuple[Tensor, Tensor] | None:
    """The projections of keys and of values that the heads of one layer read; None if none reads any.

    Args:
        weights: what `Layout.unpack` gives.
        layer: index of the layer.
        heads: the heads of all members side by side.
        dtype: type of the result.

    Returns:
        each of shape (members * heads, rows, tokens); 0 for heads that are not `low_rank`.
    """
    names = _names_by_head(layer, heads)
    if not names:
        return None
    num_heads = len(heads) // len(weights["norm"])
    nothing = torch.zeros_like(weights[next(iter(names.values()))[0]][0])
    keys, values = (
        torch.stack([weights[names[i][side]][i // num_heads] if i in names else nothing for i in range(len(heads))])
        for side in (0, 1)
    )
    return keys.to(dtype), values.to(dtype)


@lru_cache(maxsize=1024)
def _names_by_head(layer: int, heads: tuple[HeadPattern, ...]) -> dict[int, tuple[str, str]]:
    """The names of the projections of every `low_rank` head, by its number."""
    return {i: _names(layer, head.computed) for i, head in enumerate(heads) if isinstance(head.computed, LowRank)}


def _names(layer: int, primitive: LowRank) -> tuple[str, str]:
    """The names of a head's projections of keys and of values; heads with equal names share weights."""
    match primitive.sharing:
        case "heads":
            return f"{layer}.key_projection", f"{layer}.value_projection"
        case "key_value":
            return f"{layer}.projection", f"{layer}.projection"
        case _:
            return "projection", "projection"
