"""FLOP of one forward pass: the attention core, and the matrices around it."""

from collections import Counter
from functools import lru_cache

from nas.costs.parameters import matrix_parameters
from nas.costs.target import Target
from nas.patterns.head import HeadPattern
from nas.patterns.model import ModelPattern


def attention_flops(pattern: ModelPattern, target: Target, num_tokens: int, pairs: int) -> int:
    """The attention core, in FLOP: scores, weighted values, and what computed kinds and relative positions add.

    Args:
        pattern: with the layers and heads of the target.
        target: gives the widths.
        num_tokens: sequence length n, in tokens.
        pairs: the pattern's pairs at this length.
    """
    computed = Counter(head for layer in pattern.layers for head in layer.head_patterns() if head.computed)
    flops = 4 * target.d_head * pairs
    flops += sum(count * _computed_flops(head, num_tokens, target.d_head) for head, count in computed.items())
    if pattern.position == "relative":
        flops += 2 * target.d_head * pairs
        flops += sum(_distance_flops(layer.memory_tokens, target, pattern, num_tokens) for layer in pattern.layers)
    return flops


def matrix_flops(target: Target, num_tokens: int) -> int:
    """All matrices, in FLOP: 2 * m * n * k for each product.

    The output matrix is multiplied at every token; looking up an embedding costs nothing. Norms, softmax,
    activation functions, rotary positions and biases are not counted (docs/costs.md).

    Args:
        target: gives the matrices.
        num_tokens: sequence length n, in tokens.
    """
    return 2 * num_tokens * (matrix_parameters(target) + target.d_model * target.vocab_size)


def memory_flops(pattern: ModelPattern, target: Target) -> int:
    """Keys and values of the remembered hidden states: 2 * memory_tokens * (entries of both matrices), in FLOP.

    Args:
        pattern: with the layers and heads of the target.
        target: gives the widths.
    """
    kv_width = target.num_kv_heads * target.d_head
    return sum(2 * layer.memory_tokens * 2 * target.d_model * kv_width for layer in pattern.layers)


def _distance_flops(memory_tokens: int, target: Target, pattern: ModelPattern, num_tokens: int) -> int:
    """W r for every distance between a query and a row of keys, for every head of a layer."""
    num_distances = num_tokens + memory_tokens if pattern.causal else 2 * num_tokens - 1
    return target.num_heads * 2 * num_distances * target.d_model * target.d_head


@lru_cache(maxsize=4096)
def _computed_flops(head: HeadPattern, num_tokens: int, d_head: int) -> int:
    assert head.computed is not None
    return head.computed.extra_flops(head.context(num_tokens), d_head)
