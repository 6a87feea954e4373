"""The part of a model that a pattern brings along beside its pairs: computed kinds, positions, memory."""

from collections import Counter
from functools import lru_cache

from nas.costs.target import Target
from nas.patterns.head import HeadPattern
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import LowRank


def attention_extra_flops(pattern: ModelPattern, target: Target, num_tokens: int, pairs: int) -> int:
    """What the attention core computes beside scores and weighted values, in FLOP.

    Args:
        pattern: with the layers and heads of the target.
        target: gives the widths.
        num_tokens: sequence length n, in tokens.
        pairs: the pattern's pairs at this length.
    """
    computed = Counter(head for layer in pattern.layers for head in layer.head_patterns() if head.computed)
    flops = sum(count * _computed_flops(head, num_tokens, target.d_head) for head, count in computed.items())
    if pattern.position == "relative":
        flops += 2 * target.d_head * pairs
        flops += sum(_distance_flops(layer.memory_tokens, target, pattern, num_tokens) for layer in pattern.layers)
    return flops


def memory_matrix_flops(pattern: ModelPattern, target: Target) -> int:
    """Keys and values of the remembered hidden states: 2 * memory_tokens * (entries of both matrices), in FLOP."""
    kv_width = target.num_kv_heads * target.d_head
    return sum(2 * layer.memory_tokens * 2 * target.d_model * kv_width for layer in pattern.layers)


def extra_parameters(pattern: ModelPattern, target: Target, num_tokens: int) -> int:
    """Weights of learned positions, relative positions and `low_rank` projections, each used row counted once.

    Args:
        pattern: with the layers and heads of the target.
        target: gives the widths.
        num_tokens: the length that the weights are made for, in tokens.
    """
    weights = sum(_projection_ranks(pattern).values()) * num_tokens
    if pattern.position == "learned":
        weights += num_tokens * target.d_model
    if pattern.position == "relative":
        query_width = target.num_heads * target.d_head
        weights += pattern.num_layers * (2 * query_width + target.d_model * query_width)  # u, v and W
    return weights


def _distance_flops(memory_tokens: int, target: Target, pattern: ModelPattern, num_tokens: int) -> int:
    """W r for every distance between a query and a row of keys, on every head of a layer."""
    num_distances = num_tokens + memory_tokens if pattern.causal else 2 * num_tokens - 1
    return target.num_heads * 2 * num_distances * target.d_model * target.d_head


def _projection_ranks(pattern: ModelPattern) -> dict[tuple[int | None, str], int]:
    """Rows of every projection that some head uses, the most that any asks for, since ranks nest."""
    ranks: dict[tuple[int | None, str], int] = {}
    for layer in pattern.layers:
        for primitive in (primitive for group in layer.heads for primitive in group.attend):
            if isinstance(primitive, LowRank):
                place = None if primitive.sharing == "layers" else layer.index
                for side in ("keys", "values") if primitive.sharing == "heads" else ("both",):
                    ranks[place, side] = max(ranks.get((place, side), 0), primitive.rank)
    return ranks


@lru_cache(maxsize=4096)
def _computed_flops(head: HeadPattern, num_tokens: int, d_head: int) -> int:
    assert head.computed is not None
    return head.computed.extra_flops(head.context(num_tokens), d_head)
