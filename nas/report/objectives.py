"""How objectives are called and read in tables, lines and pictures."""

from collections.abc import Mapping
from typing import Any

from nas.search.objectives import COSTS

LABELS = {
    "quality": "quality",
    "flops": "attention FLOPs",
    "kv_cache_bytes": "KV cache",
    "activation_bytes": "activations",
    "num_parameters": "parameters",
}
"""What people call each objective."""


def ratio_to_full(entry: Mapping[str, Any], objective: str) -> float | None:
    """A front entry's cost as a share of full attention's; None for quality or where it is not known."""
    if objective not in COSTS:
        return None
    ratio = entry.get("ratio_to_full", {}).get(COSTS[objective][0])
    return None if ratio is None else float(ratio)


def leading_objective(front: Mapping[str, Any]) -> Mapping[str, str]:
    """What entries are sorted by: quality, or the first objective where quality is not weighed."""
    objectives: list[Mapping[str, str]] = front["objectives"]
    return next((goal for goal in objectives if goal["name"] == "quality"), objectives[0])


def best_first(entries: list[dict[str, Any]], goal: Mapping[str, str]) -> list[dict[str, Any]]:
    """Entries with values, the best by one objective first; equal ones by trial number."""
    sign = 1 if goal["direction"] == "minimize" else -1
    with_values = [entry for entry in entries if entry["values"]]
    return sorted(with_values, key=lambda entry: (sign * entry["values"][goal["name"]], entry["trial"]))
