"""What the widths of layers, or all features of a pattern, say of what a projection misses: learnt at S, judged above.

    python benchmarks/learnt_residual.py     # seconds

The shipped table knows what its runs of 480, 960 and 1,920 steps, projected to its last rung, miss there. That residual
is fitted in two ways, and the fit is added to the projections of other tables: least squares on log2 of the mean keys
per query in each half of the layers, and the regression that estimates use, on all features (docs/transfer.md).
Printed is Kendall's tau with the end of a larger table, without and with either fit, the difference with its 90%
interval over patterns drawn with replacement, and the place of full attention.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from transfer import LEAST, SHIPPED, Truth, projections_at, regime
from two_rankings import compare

from nas.costs.counting import full_pattern
from nas.ground_truth.file import Table, read_table
from nas.ground_truth.qualities import Qualities
from nas.patterns.model import ModelPattern
from nas.search.modelling.features import head_features, pattern_features
from nas.search.modelling.regression import Regression
from nas.search.scoring.projection import projected

Array = NDArray[np.float64]

LADDER = Path(__file__).parents[1] / "tables" / "ladder"
RUNGS = (480, 960, 1920)
NINE = ("S-plain", "S-base100", "S-convolution", "S-shift", "S-heads2")
"""Regimes of S with the nine patterns that M and L have."""
DRAWN = ("S-base100-drawn", "S-shift-drawn", "S-n256", "S-layers4", "S-pieces-drawn")
"""Regimes of S with the patterns that were drawn at M."""
WIDE = 1e3
"""Prior deviation of coefficients of which nothing is known, in deviations of the residuals."""

Correction = Callable[[Sequence[ModelPattern], int], Array]
"""What is added to the projections of patterns at a length."""


def halves(patterns: Sequence[ModelPattern], num_tokens: int) -> Array:
    """Log2 of the mean keys per query as a share of the length, mean over each half of the layers, shape (m, 2)."""
    by_head = head_features(patterns, num_tokens) - np.log2(num_tokens)
    by_layer = by_head.reshape(len(patterns), patterns[0].num_layers, -1).mean(axis=2)
    middle = patterns[0].num_layers // 2
    return np.stack([by_layer[:, :middle].mean(axis=1), by_layer[:, middle:].mean(axis=1)], axis=1)


def residuals(table: Table, rung: int) -> tuple[list[ModelPattern], Array]:
    """What each pattern's last rung is above its projection from a rung and the one below, and the patterns.

    Args:
        table: with a last rung to compare with; means over seeds are taken at every rung.
        rung: in optimiser steps, not the first.
    """
    end = table.plan.rungs[-1]
    below = max(one for one in table.plan.rungs if one < rung)
    before, after, last = (Qualities(table).means(one) for one in (below, rung, end))
    known = [one.pattern for one in table.plan.entries if one.pattern.id in last]
    missed = [last[one.id] - projected((below, before[one.id]), (rung, after[one.id]), end) for one in known]
    return known, np.array(missed)


def by_widths(table: Table, rung: int) -> Correction:
    """Least squares on two numbers a pattern."""
    known, missed = residuals(table, rung)
    inputs = np.column_stack([np.ones(len(known)), halves(known, table.task.num_tokens)])
    fit = np.linalg.lstsq(inputs, missed, rcond=None)[0]

    def correct(patterns: Sequence[ModelPattern], num_tokens: int) -> Array:
        added: Array = halves(patterns, num_tokens) @ fit[1:]
        return added

    return correct


def by_features(table: Table, rung: int) -> Correction:
    """The regression of estimates, on all features of the patterns.

    Patterns of another length or number of layers have other features, so this is for tables of S alone.
    """
    known, missed = residuals(table, rung)
    features = pattern_features(known, table.task.num_tokens)
    mean, spread = features.mean(axis=0), features.std(axis=0)
    used = spread > 0
    scale = float(missed.std())

    def standard(raw: Array) -> Array:
        found: Array = (raw[:, used] - mean[used]) / spread[used]
        return found

    def inputs(count: int) -> Array:
        return np.ones((count, 1))

    regression = Regression(standard(features), inputs(len(known)), missed / scale, np.array([WIDE]))

    def correct(patterns: Sequence[ModelPattern], num_tokens: int) -> Array:
        added, _ = regression.predict(standard(pattern_features(patterns, num_tokens)), inputs(len(patterns)))
        return added * scale

    return correct


def _comparisons(
    name: str, table: Table, truth: Truth, rung: int, corrections: dict[str, Correction], like: Table
) -> list[str]:
    ahead = projections_at(table, rung)
    entries = [one for one in table.plan.entries if one.pattern.id in ahead]
    entries = [one for one in entries if truth.counterpart(table, one) in truth.values]
    if len(entries) < LEAST:
        return []
    patterns = [one.pattern for one in entries]
    ends = np.array([truth.values[truth.counterpart(table, one)] for one in entries])
    base = np.array([ahead[one.id] for one in patterns])
    is_full = [one.id == full_pattern(one).id for one in patterns]
    found = []
    for how, correct in corrections.items():
        if how == "features" and not _alike(table, like):
            continue
        changed = base + correct(patterns, table.task.num_tokens)
        one = compare(ends.tolist(), base.tolist(), changed.tolist())
        places = [_place(values, is_full) for values in (ends, base, changed)]
        found.append(
            f"| {name} | {rung:,} | {len(patterns)} | {how} | {one.first:.2f} | {one.second:.2f} | {one.difference} | "
            f"{' | '.join(places)} |"
        )
    return found


def _alike(table: Table, like: Table) -> bool:
    """Whether two tables' patterns have the same features."""
    return (table.task.num_tokens, table.proxy.num_layers) == (like.task.num_tokens, like.proxy.num_layers)


def _place(values: Array, is_full: Sequence[bool]) -> str:
    """The place of full attention, 1 for the best."""
    if not any(is_full):
        return "-"
    return str(1 + int((values < values[is_full.index(True)]).sum()))


def lines() -> list[str]:
    """Markdown: a row for each regime, rung, larger table and way to fit."""
    shipped = read_table(SHIPPED)
    corrections = {rung: {"widths": by_widths(shipped, rung), "features": by_features(shipped, rung)} for rung in RUNGS}
    found = [
        "| trained | steps | patterns | fitted on | tau, projected | with the fit | difference "
        "| full attention's place above | projected | with the fit |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for larger, names in (("M-drawn", DRAWN), ("M-plain", NINE), ("L-plain", NINE)):
        truth = Truth.of(read_table(LADDER / f"{larger}.jsonl"))
        for name in names:
            table = read_table(LADDER / f"{name}.jsonl")
            for rung in (one for one in RUNGS if one in table.plan.rungs):
                title = f"{regime(table)}; {larger[0]}"
                found += _comparisons(title, table, truth, rung, corrections[rung], shipped)
    return found


def main() -> int:
    print("\n".join(lines()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
