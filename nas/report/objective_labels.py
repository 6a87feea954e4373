"""Objectives as tables, lines and pictures show them: their names and their order."""

import re
from collections.abc import Sequence
from typing import TypeVar

from nas.results.front import FrontEntry
from nas.results.objective import PROJECTED, Objective

Entry = TypeVar("Entry", bound=FrontEntry)

_LABELS = {
    "flops": "attention FLOPs",
    "tile_flops": "tile FLOPs",
    "kv_cache_bytes": "KV cache",
    "activation_bytes": "activations",
    "num_parameters": "parameters",
    "latency_ms": "latency",
    "peak_memory_bytes": "peak memory",
}

_MEASURED = re.compile(rf"quality(?:_(?!\d+x$|projected$)(.+?))?(?:_(\d+)x|({PROJECTED}))?")


def label(name: str) -> str:
    """An objective or a score in words: `attention FLOPs`, `quality at 2x`, `projected quality`, `recall at 2x`."""
    match = _MEASURED.fullmatch(name)
    if match is None:
        return _LABELS.get(name, name)
    task, times, ahead = match.groups()
    return ("projected " if ahead else "") + (task or "quality") + (f" at {times}x" if times else "")


def best_first(entries: Sequence[Entry], objective: Objective) -> list[Entry]:
    """Entries that have values, best first by what they are worth in one objective; ties go by trial number."""
    with_values = [entry for entry in entries if entry.values]
    return sorted(with_values, key=lambda entry: (objective.sign * entry.worth(objective.name), entry.trial))
