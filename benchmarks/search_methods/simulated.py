"""Tables whose scores are drawn: the same patterns with as many seeds as wanted, and a truth that is known."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from msgspec import structs

from nas.errors import InputError
from nas.ground_truth.file import Table
from nas.patterns.model import ModelPattern
from nas.results.table import TableRow
from search_methods.noise import Array, TableNoise, shrunken

Scores = dict[tuple[str, int, int], float]
"""Quality by pattern id, seed and rung."""


def scores_of(table: Table) -> Scores:
    """What the table's rows say, sweeps and runs that diverged aside."""
    return {
        (row.pattern_id, row.seed, row.step): row.quality
        for row in table.rows
        if not row.sweep and row.quality is not None
    }


def curves_of(table: Table, patterns: Sequence[ModelPattern]) -> Array:
    """Quality of patterns that the table has whole, shape (patterns, seeds, rungs)."""
    scores = scores_of(table)
    return np.array(
        [
            [[scores[pattern.id, seed, rung] for rung in table.plan.rungs] for seed in table.plan.seeds]
            for pattern in patterns
        ]
    )


def simulated(
    table: Table, patterns: Sequence[ModelPattern], features: Array, num_draws: int
) -> tuple[Table, dict[str, float]]:
    """A table of draws in the place of seeds, and the quality at the last rung that they scatter about, by pattern id.

    Truth is what the table's seeds say, drawn towards the mean by as much as is noise; the noise has the table's
    covariance between rungs, and is as alike as the table's in similar patterns.

    Args:
        table: of two seeds or more.
        patterns: those that it has whole.
        features: of the patterns, shape (patterns, f).
        num_draws: seeds of the new table.

    Raises:
        InputError: the table has a single seed, which tells nothing about noise.
    """
    if len(table.plan.seeds) < 2:
        allowed = "must have two seeds or more for its noise to be drawn"
        raise InputError("table", allowed, list(table.plan.seeds), "Replay its own seed: leave out --draws.")
    curves = curves_of(table, patterns)
    true, noise = shrunken(curves), TableNoise.of(curves, features)
    generator = np.random.default_rng(0)
    drawn = [true + noise.draw(generator) for _ in range(num_draws)]
    templates = {(row.pattern_id, row.step): row for row in table.rows if not row.sweep}
    rows: list[TableRow] = []
    for seed, own in enumerate(drawn):
        for pattern, curve in zip(patterns, own.tolist(), strict=True):
            rows += [
                structs.replace(templates[pattern.id, rung], seed=seed, quality=quality)
                for rung, quality in zip(table.plan.rungs, curve, strict=True)
            ]
    plan = replace(table.plan, seeds=tuple(range(num_draws)))
    last = {pattern.id: float(curve[-1]) for pattern, curve in zip(patterns, true, strict=True)}
    return replace(table, plan=plan, rows=tuple(rows)), last
