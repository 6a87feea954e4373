"""How objectives are called and read in tables, lines and pictures."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from nas.search.scoring.objectives import COSTS

_LABELS = {
    "flops": "attention FLOPs",
    "kv_cache_bytes": "KV cache",
    "activation_bytes": "activations",
    "num_parameters": "parameters",
}

_MEASURED = re.compile(r"quality(?:_(?!\d+x$)(.+?))?(?:_(\d+)x)?")


def label(name: str) -> str:
    """What people call an objective or a score: `attention FLOPs`, `quality at 2x`, `recall`, `recall at 2x`."""
    match = _MEASURED.fullmatch(name)
    if match is None:
        return _LABELS.get(name, name)
    task, times = match.groups()
    return (task or "quality") + (f" at {times}x" if times else "")


def ratio_to_full(entry: Mapping[str, Any], objective: str) -> float | None:
    """A front entry's cost as a share of full attention's; None for what is measured or where it is not known."""
    if objective not in COSTS:
        return None
    ratio = entry.get("ratio_to_full", {}).get(COSTS[objective][0])
    return None if ratio is None else float(ratio)


def leading_objective(front: Mapping[str, Any]) -> Mapping[str, str]:
    """What entries are sorted by: the first objective that is measured, or the first where none is."""
    return leading(front["objectives"])


def leading(goals: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    """The first of some objectives that is measured, or the first where none is."""
    return next((goal for goal in goals if goal["name"] not in COSTS), goals[0])


def best_first(entries: list[dict[str, Any]], goal: Mapping[str, str]) -> list[dict[str, Any]]:
    """Entries with values, the best by one objective first; equal ones by trial number."""
    sign = 1 if goal["direction"] == "minimize" else -1
    with_values = [entry for entry in entries if entry["values"]]
    return sorted(with_values, key=lambda entry: (sign * entry["values"][goal["name"]], entry["trial"]))
