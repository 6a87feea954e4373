"""What shared weights scored, as `python -m benchmarks.shared_weights` left it beside a table."""

import json
from pathlib import Path

SUFFIX = ".shared.jsonl"
"""Of the file beside a table that holds what shared weights scored: the results of `benchmarks/shared_weights`."""
SHARED, SHARED_STEPS = "naive 4000 x0.004 seed", 4000
"""Of the ways to train shared weights that were tried, none does better at their cost (decision 13)."""


def shared_scores(path: Path, seed: int) -> dict[str, float]:
    """What shared weights say of every pattern, lower being better."""
    by_key: dict[str, dict[str, float]] = {}
    for line in path.with_suffix(SUFFIX).read_text().splitlines():
        row = json.loads(line)
        by_key.setdefault(row["key"], {})[row["pattern"]] = row["quality"]
    keys = sorted(key for key in by_key if key.startswith(SHARED))
    return by_key[keys[seed % len(keys)]]
