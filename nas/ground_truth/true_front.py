"""The true front of a table: quality at the last rung against what patterns cost on the proxy."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean, stdev

from nas.costs.counting import count_cost, full_pattern
from nas.ground_truth.file import Table
from nas.ground_truth.qualities import Qualities
from nas.results.cost import Cost
from nas.space.space import Option
from nas.statistics.pareto import nondominated


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPoint:
    """A pattern that no other one dominates in quality, attention FLOPs and KV cache.

    Args:
        pattern_id: id of the pattern.
        params: the values that the space was given, by parameter name; empty for a baseline.
        baseline: name of the baseline; None for a pattern of the space.
        quality: at the last rung, mean over seeds.
        deviation: standard deviation over its seeds; None for a single seed.
        num_seeds: seeds that it was trained with.
        flops_share: attention FLOPs as a share of full attention's on the proxy.
        kv_cache_share: KV cache as a share of full attention's on the proxy.
    """

    pattern_id: str
    params: Mapping[str, Option]
    baseline: str | None
    quality: float
    deviation: float | None
    num_seeds: int
    flops_share: float
    kv_cache_share: float


@dataclass(frozen=True, slots=True)
class ProxyCost:
    """What a pattern costs on the proxy.

    Args:
        cost: of one sequence.
        shares: the same numbers as shares of full attention's, by the names of `Cost`.
    """

    cost: Cost
    shares: Mapping[str, float]


def costs_by_id(table: Table) -> dict[str, ProxyCost]:
    """What the patterns of a table cost on the proxy itself, by pattern id."""
    target = table.proxy.target(table.task.num_tokens, table.task.vocab_size)
    patterns = [entry.pattern for entry in table.plan.entries]
    costs = {pattern.id: count_cost(pattern, target) for pattern in patterns}
    full = count_cost(full_pattern(patterns[0]), target)
    return {identity: ProxyCost(cost, cost.ratio_to(full)) for identity, cost in costs.items()}


def true_front(qualities: Qualities, costs: Mapping[str, ProxyCost]) -> tuple[FrontPoint, ...]:
    """The non-dominated patterns among those that reached the last rung, best quality first.

    Args:
        qualities: of the table.
        costs: by pattern id.
    """
    entries = {entry.pattern.id: entry for entry in qualities.table.plan.entries}
    points = [
        FrontPoint(
            pattern_id=pattern,
            params=entries[pattern].params,
            baseline=entries[pattern].baseline,
            quality=fmean(own.values()),
            deviation=stdev(own.values()) if len(own) > 1 else None,
            num_seeds=len(own),
            flops_share=costs[pattern].shares["attention_flops"],
            kv_cache_share=costs[pattern].shares["kv_cache_bytes"],
        )
        for pattern, own in qualities.by_seed(qualities.last).items()
    ]
    values = [(qualities.sign * point.quality, point.flops_share, point.kv_cache_share) for point in points]
    kept = [points[index] for index in nondominated(values)]
    return tuple(sorted(kept, key=lambda point: (qualities.sign * point.quality, point.pattern_id)))
