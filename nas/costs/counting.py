"""From a pattern and a target to a Cost, without training anything; docs/costs.md states every convention."""

from collections import Counter
from functools import lru_cache

from nas.costs.dense_part import matrix_flops, num_parameters
from nas.costs.full_attention import full_pattern
from nas.costs.head_pairs import head_pairs
from nas.costs.pattern_part import attention_extra_flops, extra_parameters, memory_matrix_flops
from nas.costs.proxy_target import proxy_target
from nas.costs.target import Target, check_num_tokens
from nas.errors import InputError
from nas.patterns.counting.kv_cache import shared_kv_entries
from nas.patterns.head import HeadPattern
from nas.patterns.model import ModelPattern
from nas.patterns.stretch import stretched
from nas.results.cost import Cost


def cost_for(pattern: ModelPattern, num_tokens: int, target: Target | None = None) -> Cost:
    """What one sequence costs.

    Args:
        pattern: what attends to what; stretched to the target's layers and heads.
        num_tokens: sequence length n, in tokens; the target's own is not looked at.
        target: the model; None for a proxy with the pattern's layers and heads, 16 features a head, an MLP four
            times as wide as the model, and 256 tokens in the vocabulary.

    Raises:
        InputError: `num_tokens` is out of range, the pattern's grid does not hold it, or an argument has another type.
    """
    if not isinstance(pattern, ModelPattern):
        raise InputError("pattern", "must be a ModelPattern", pattern, "nas.load_pattern makes one.")
    if target is not None and not isinstance(target, Target):
        raise InputError("target", "must be a nas.Target or None", target)
    return count_cost(pattern, target or _own_proxy(pattern, num_tokens), num_tokens)


def count_cost(pattern: ModelPattern, target: Target, num_tokens: int | None = None) -> Cost:
    """What one sequence costs on a target.

    Heads are interchangeable, so the canonical form is counted: patterns of one id cost the same, and heads that
    attend alike share a KV head where they can.

    Args:
        pattern: what attends to what; stretched to the target's layers and heads.
        target: the model.
        num_tokens: sequence length n, in tokens; None for the target's own.

    Raises:
        InputError: `num_tokens` is out of range, or the pattern's grid does not hold it.
    """
    n = target.num_tokens if num_tokens is None else num_tokens
    check_num_tokens(n)
    fitted = stretched(pattern.canonical(), target.num_layers, target.num_heads)
    pairs = _model_pairs(fitted, n)
    attention_flops = 4 * target.d_head * pairs + attention_extra_flops(fitted, target, n, pairs)
    forward_flops = matrix_flops(target, n) + memory_matrix_flops(fitted, target) + attention_flops
    return Cost(
        num_tokens=n,
        pairs=pairs,
        attention_flops=attention_flops,
        forward_flops=forward_flops,
        train_flops=3 * forward_flops,
        kv_cache_bytes=_kv_cache_bytes(fitted, target, n),
        activation_bytes=_activation_bytes(target, n, pairs),
        num_parameters=num_parameters(target) + extra_parameters(fitted, target, n),
    )


def cost_with_ratio(
    pattern: ModelPattern, target: Target, num_tokens: int | None = None
) -> tuple[Cost, dict[str, float]]:
    """The cost, and each of its numbers as a share of full attention's on the same target.

    Args:
        pattern: what attends to what.
        target: the model.
        num_tokens: sequence length n, in tokens; None for the target's own.
    """
    cost = count_cost(pattern, target, num_tokens)
    return cost, cost.ratio_to(count_cost(full_pattern(pattern), target, num_tokens))


def _own_proxy(pattern: ModelPattern, num_tokens: int) -> Target:
    check_num_tokens(num_tokens)
    return proxy_target(num_layers=pattern.num_layers, num_heads=pattern.num_heads, num_tokens=num_tokens)


def _model_pairs(pattern: ModelPattern, num_tokens: int) -> int:
    heads = Counter(head for layer in pattern.layers for head in layer.head_patterns())
    return sum(count * head_pairs(head, num_tokens) for head, count in heads.items())


def _kv_cache_bytes(pattern: ModelPattern, target: Target, num_tokens: int) -> int:
    sharing = target.num_heads // target.num_kv_heads
    groups: Counter[frozenset[HeadPattern]] = Counter()
    for layer in pattern.layers:
        heads = layer.head_patterns()
        groups.update(frozenset(heads[first : first + sharing]) for first in range(0, len(heads), sharing))
    entries = sum(count * _shared_entries(heads, num_tokens) for heads, count in groups.items())
    return 2 * target.d_head * entries * target.bytes_per_element


def _activation_bytes(target: Target, num_tokens: int, pairs: int) -> int:
    """34 * s * h + 5 * pairs bytes at 2 bytes an element (Korthikanti et al. 2022, section 4.1)."""
    kept = 34 * target.num_layers * num_tokens * target.d_model
    if not target.fused_attention:
        kept += 5 * pairs
    return kept * target.bytes_per_element // 2


# A search meets the same heads in trial after trial.
_shared_entries = lru_cache(maxsize=4096)(shared_kv_entries)
