"""What a pattern costs at several lengths, as a share of full attention's cost there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isclose

from nas.costs.counting import count_cost, full_pattern
from nas.costs.target import Target, proxy_target
from nas.errors import NasError
from nas.patterns.carry import carried
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Random
from nas.patterns.primitives.scale import CarryRules

FACTORS = (1, 4, 16, 64)
"""Lengths that are counted, as multiples of the study's own."""
MOST_TOKENS = 2**17
"""No longer sequence is counted: time grows with the length, and tables of a page are no place for minutes."""

SAME = 1e-9
"""Shares that differ by no more than this, relatively, are the same."""
MOST_DRAWN = 2**20
"""Most heads with random blocks times tokens: each head has a draw of its own, which takes time to count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthCost:
    """A pattern at one length; shares are of full attention, None where the pattern cannot have the length.

    They are None too where counting would take long: many heads, each with a draw of random blocks of its own.

    Args:
        num_tokens: the length, in tokens.
        flops: attention FLOPs with all sizes as they are, in tokens.
        cache: the KV cache with all sizes as they are.
        carried_flops: attention FLOPs with sizes carried to this length by the rules of `nas carry`.
        carried_cache: the KV cache of the same.
    """

    num_tokens: int
    flops: float | None
    cache: float | None
    carried_flops: float | None
    carried_cache: float | None


def costs_by_length(
    pattern: ModelPattern, num_tokens: int, rules: CarryRules | None, target: Target | None
) -> tuple[LengthCost, ...]:
    """What a pattern costs at its own length and beyond.

    Args:
        pattern: any pattern.
        num_tokens: the length that its sizes are of, in tokens.
        rules: how sizes are carried; None for the defaults.
        target: the model that is counted for; None for a small one of the pattern's own shape, as in `nas cost`.

    Returns:
        the lengths at which anything is known, ascending.
    """
    model = target or proxy_target(num_layers=pattern.num_layers, num_heads=pattern.num_heads, num_tokens=num_tokens)
    lengths = [length for factor in FACTORS if (length := factor * num_tokens) <= MOST_TOKENS]
    found = [_at(pattern, num_tokens, length, rules, model) for length in lengths]
    return tuple(one for one in found if one.flops is not None or one.carried_flops is not None)


def counted_as(found: Sequence[LengthCost], num_tokens: int, ratio: Mapping[str, float]) -> bool:
    """Whether a study counted what was counted here: the target may have been changed, or be a checkpoint.

    Args:
        found: what a pattern costs by length.
        num_tokens: the study's own length, in tokens.
        ratio: what the study found there, as shares of full attention's by name.
    """
    own = next((one for one in found if one.num_tokens == num_tokens), None)
    if own is None or own.flops is None or own.cache is None:
        return False
    pairs = ((own.flops, ratio["attention_flops"]), (own.cache, ratio["kv_cache_bytes"]))
    return all(isclose(ours, theirs, rel_tol=SAME) for ours, theirs in pairs)


def _at(pattern: ModelPattern, own: int, length: int, rules: CarryRules | None, model: Target) -> LengthCost:
    flops, cache = _shares(pattern, length, model)
    try:
        there, _ = carried(pattern, own, length, rules)
    except NasError:
        there = None
    carried_flops, carried_cache = _shares(there, length, model) if there else (None, None)
    return LengthCost(
        num_tokens=length, flops=flops, cache=cache, carried_flops=carried_flops, carried_cache=carried_cache
    )


def _shares(pattern: ModelPattern, length: int, model: Target) -> tuple[float | None, float | None]:
    """Attention FLOPs and KV cache as shares of full attention's."""
    if _num_drawn(pattern) * length > MOST_DRAWN:
        return None, None
    try:
        cost = count_cost(pattern, model, length)
        ratio = cost.ratio_to(count_cost(full_pattern(pattern), model, length))
    except NasError:  # its grid has another length
        return None, None
    return ratio["attention_flops"], ratio["kv_cache_bytes"]


def _num_drawn(pattern: ModelPattern) -> int:
    """Heads that have random blocks."""
    groups = [group for layer in pattern.layers for group in layer.heads]
    return sum(group.count for group in groups if any(isinstance(one, Random) for one in group.attend))
