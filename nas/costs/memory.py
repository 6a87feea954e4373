"""Memory in bytes: the KV cache while decoding, and activations kept for the backward pass."""

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from nas.costs.activations import proxy_activation_bytes
from nas.costs.target import ProxyTarget, Target
from nas.patterns.counting.kv_cache import kv_entries
from nas.patterns.head import HeadPattern
from nas.patterns.model import ModelPattern


def kv_cache_bytes(layers: Iterable[tuple[HeadPattern, ...]], target: Target, num_tokens: int) -> int:
    """The largest KV cache while decoding, counting entries that a later query can reach.

    Args:
        layers: the heads of every layer, as many as the target has; adjacent query heads share a KV head.
        target: gives KV heads, widths and the size of a number.
        num_tokens: sequence length n, in tokens.
    """
    sharing = target.num_heads // target.num_kv_heads
    groups: Counter[frozenset[HeadPattern]] = Counter()
    for heads in layers:
        groups.update(frozenset(heads[first : first + sharing]) for first in range(0, len(heads), sharing))
    entries = sum(count * _entries(heads, num_tokens) for heads, count in groups.items())
    return 2 * target.d_head * entries * target.bytes_per_element


def activation_bytes(pattern: ModelPattern, target: Target, num_tokens: int, pairs: int) -> int:
    """Activations that training on one sequence keeps for the backward pass.

    Args:
        pattern: with the layers and heads of the target.
        target: our proxy, or a decoder as published models are.
        num_tokens: sequence length n, in tokens.
        pairs: the pattern's pairs at this length.
    """
    if isinstance(target, ProxyTarget):
        return proxy_activation_bytes(pattern, target, num_tokens)
    return decoder_activation_bytes(target, num_tokens, pairs)


def decoder_activation_bytes(target: Target, num_tokens: int, pairs: int) -> int:
    """A published decoder's: (34 * layers * n * d_model + 5 * pairs) bytes at 2 bytes an element.

    Args:
        target: gives the sizes; with fused attention, the term of the pairs is omitted.
        num_tokens: sequence length n, in tokens.
        pairs: the pattern's pairs at this length.

    Source: Korthikanti et al. 2022, section 4.1.
    """
    kept = 34 * target.num_layers * num_tokens * target.d_model
    if not target.fused_attention:
        kept += 5 * pairs
    return kept * target.bytes_per_element // 2


@lru_cache(maxsize=4096)  # a search meets the same heads in trial after trial
def _entries(heads: frozenset[HeadPattern], num_tokens: int) -> int:
    return kv_entries(heads, num_tokens)
