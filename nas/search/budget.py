"""Budgets: what a pattern may cost as a share of full attention."""

from nas.results.cost import Cost
from nas.search.settings import ConstraintSettings


def excesses(cost: Cost, full: Cost, budgets: ConstraintSettings) -> dict[str, float]:
    """How far a pattern is over each budget that is set, as a share of full attention's cost.

    Returns:
        by budget name; 0 or less where the budget is kept, as samplers read constraints.
    """
    ratio = cost.ratio_to(full)
    limits = {
        "flops_ratio": (ratio["attention_flops"], budgets.flops_ratio),
        "kv_cache_ratio": (ratio["kv_cache_bytes"], budgets.kv_cache_ratio),
    }
    return {name: share - limit for name, (share, limit) in limits.items() if limit is not None}


def excess_reason(over: dict[str, float], budgets: ConstraintSettings) -> str:
    """One sentence that names the budget that is exceeded most; empty if none is."""
    name, excess = max(over.items(), key=lambda item: item[1], default=("", 0.0))
    if excess <= 0:
        return ""
    limit = getattr(budgets, name)
    return f"costs {limit + excess:.3f} of full attention, constraints.{name} allows {limit:g}"
