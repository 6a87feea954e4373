"""The cost of a pattern on a target, counted without training; docs/costs.md has the conventions."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from nas.costs.flops import attention_flops, matrix_flops, memory_flops
from nas.costs.memory import activation_bytes, kv_cache_bytes
from nas.costs.parameters import pattern_parameters, target_parameters
from nas.costs.target import Target, proxy_target
from nas.errors import InputError
from nas.patterns.counting.pairs import count_last_pairs, count_pairs
from nas.patterns.counting.tiles import count_tiles, most_tokens
from nas.patterns.head import HeadPattern
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full
from nas.patterns.stretch import stretched
from nas.ranges import check_num_tokens
from nas.results.cost import Cost
from nas.results.phase import PatternPhase

DRAWS_COUNTED = 8
"""Heads with random blocks that an estimate counts: all of them in a proxy of two layers with four heads."""


def cost_for(pattern: ModelPattern, num_tokens: int, target: Target | None = None) -> Cost:
    """What one sequence costs.

    Args:
        pattern: any pattern; it is stretched to the target's layers and heads.
        num_tokens: sequence length n, in tokens; the target's own length is ignored.
        target: the model; None for a proxy with the pattern's layers and heads, 16 features per head, an MLP four
            times as wide as the model, and a vocabulary of 256 tokens.

    Raises:
        InputError: `num_tokens` is out of range or does not fit the pattern's grid, or an argument has the wrong type.
    """
    if not isinstance(pattern, ModelPattern):
        raise InputError("pattern", "must be a ModelPattern", pattern, "nas.load_pattern makes one.")
    if target is not None and not isinstance(target, Target):
        raise InputError("target", "must be a nas.Target or None", target)
    return count_cost(pattern, target or _own_proxy(pattern, num_tokens), num_tokens)


def count_cost(
    pattern: ModelPattern, target: Target, num_tokens: int | None = None, phase: PatternPhase = "both"
) -> Cost:
    """What one sequence costs on a target.

    Heads are interchangeable, so the canonical form is counted: patterns with the same id cost the same, and heads that
    attend alike share a KV head where they can.

    Args:
        pattern: any pattern; it is stretched to the target's layers and heads.
        target: the model.
        num_tokens: sequence length n, in tokens; None for the target's own.
        phase: where the pattern is used; the rest costs what full attention does. A decoding step with full attention
            needs all keys, whatever the prompt was read with.

    Raises:
        InputError: `num_tokens` is out of range or does not fit the pattern's grid.
    """
    n = target.num_tokens if num_tokens is None else num_tokens
    check_num_tokens(n)
    fitted = _fitted(pattern, target)
    own = _cost(fitted, [layer.head_patterns() for layer in fitted.layers], target, n)
    return _in_phase(own, pattern, target, n, phase)


def estimate_cost(pattern: ModelPattern, target: Target, phase: PatternPhase = "both") -> Cost:
    """About what one sequence costs on a target, in a fraction of the time that `count_cost` takes.

    Of the heads with random blocks, which all draw their own, the first DRAWS_COUNTED of the model are counted, and the
    others as if they drew what those do. It is exact for a target with no more heads than that, and for a pattern
    without random blocks.

    Args:
        pattern: any pattern; it is stretched to the target's layers and heads.
        target: the model; its own length is counted.
        phase: where the pattern is used; see `count_cost`.

    Raises:
        InputError: the target's length does not fit the pattern's grid.
    """
    fitted = _fitted(pattern, target)
    layers = [tuple(_drawn_alike(head, target.num_heads) for head in layer.head_patterns()) for layer in fitted.layers]
    return _in_phase(_cost(fitted, layers, target, target.num_tokens), pattern, target, target.num_tokens, phase)


def _in_phase(own: Cost, pattern: ModelPattern, target: Target, num_tokens: int, phase: PatternPhase) -> Cost:
    """The cost of a pattern that is used in one phase, given its cost in both."""
    if phase == "both":
        return own
    full = count_cost(full_pattern(pattern), target, num_tokens)
    return own.decoding_as(full) if phase == "prefill" else full.decoding_as(own)


def _cost(fitted: ModelPattern, layers: Sequence[tuple[HeadPattern, ...]], target: Target, n: int) -> Cost:
    """The cost of a pattern with the shape of its target, whose heads are given layer by layer."""
    heads = Counter(head for layer in layers for head in layer)
    pairs, tiles = _over_heads(heads, lambda head: count_pairs(head, n)), _model_tiles(heads, target, n)
    core = attention_flops(fitted, target, n, pairs)
    forward = matrix_flops(target, n) + memory_flops(fitted, target) + core
    return Cost(
        num_tokens=n,
        pairs=pairs,
        tiles=tiles,
        attention_flops=core,
        tile_flops=None if tiles is None else attention_flops(fitted, target, n, tiles * target.block**2),
        forward_flops=forward,
        train_flops=3 * forward,
        decode_pairs=_over_heads(heads, lambda head: count_last_pairs(head, n)),
        kv_cache_bytes=kv_cache_bytes(layers, target, n),
        activation_bytes=activation_bytes(fitted, target, n, pairs),
        num_parameters=target_parameters(target) + pattern_parameters(fitted, target, n),
    )


def cost_with_ratio(
    pattern: ModelPattern, target: Target, num_tokens: int | None = None
) -> tuple[Cost, dict[str, float]]:
    """The cost, and each of its numbers as a share of full attention's on the same target.

    Args:
        pattern: any pattern; it is stretched to the target's layers and heads.
        target: the model.
        num_tokens: sequence length n, in tokens; None for the target's own.
    """
    cost = count_cost(pattern, target, num_tokens)
    return cost, cost.ratio_to(count_cost(full_pattern(pattern), target, num_tokens))


def full_pattern(like: ModelPattern) -> ModelPattern:
    """The reference of every ratio: full attention, with rotary positions and no memory.

    Args:
        like: gives the layers, heads and causality.
    """
    return ModelPattern.of([(HeadGroup(like.num_heads, (Full(),)),)] * like.num_layers, causal=like.causal)


def _own_proxy(pattern: ModelPattern, num_tokens: int) -> Target:
    check_num_tokens(num_tokens)
    return proxy_target(num_layers=pattern.num_layers, num_heads=pattern.num_heads, num_tokens=num_tokens)


def _fitted(pattern: ModelPattern, target: Target) -> ModelPattern:
    return stretched(pattern.canonical(), target.num_layers, target.num_heads)


def _drawn_alike(head: HeadPattern, num_heads: int) -> HeadPattern:
    """The head as one of the first DRAWS_COUNTED of the model that draw."""
    place = (head.layer * num_heads + head.head) % DRAWS_COUNTED
    return head.placed(*divmod(place, num_heads))


def _over_heads(heads: Mapping[HeadPattern, int], count: Callable[[HeadPattern], int]) -> int:
    """The sum over all heads, given by their numbers; equal heads are counted once."""
    return sum(number * count(head) for head, number in heads.items())


def _model_tiles(heads: Mapping[HeadPattern, int], target: Target, num_tokens: int) -> int | None:
    if num_tokens > most_tokens(target.block):
        return None
    grid_tile = None if target.grid_tile is None else (target.grid_tile[0], target.grid_tile[1])
    return _over_heads(heads, lambda head: count_tiles(head, num_tokens, target.block, grid_tile))
