"""Tables whose scores are drawn: the same patterns with as many seeds as wanted, and a truth that is known."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from msgspec import structs

from nas.errors import InputError
from nas.ground_truth.file import Table, read_table
from nas.patterns.model import ModelPattern
from nas.results.table import TableRow
from nas.search.problem.problem import make_problem
from search_methods.noise import Array, TableNoise, shrunken
from search_methods.settings import study_settings

SHIPPED = Path(__file__).parents[2] / "tables" / "tabular-text.jsonl"

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


def noise_of(table: Table, patterns: Sequence[ModelPattern], features: Array) -> TableNoise:
    """The noise of a table by its own seeds; if it has a single one, that of the shipped table stands for it.

    Of the shipped table's rungs those of the same lengths count, and its last ones where a length is missing.

    Args:
        table: whose noise is asked for.
        patterns: those that it has whole.
        features: of the patterns, shape (patterns, f).

    Raises:
        InputError: the table has a single seed, and the shipped one is of another task.
    """
    if len(table.plan.seeds) > 1:
        return TableNoise.of(curves_of(table, patterns), features)
    shipped = read_table(SHIPPED)
    if table.task.unit != shipped.task.unit:
        allowed = f"must have two seeds or more for its noise to be drawn, or be in {shipped.task.unit}"
        raise InputError("table", allowed, list(table.plan.seeds), "Replay its own seed: leave out --draws.")
    own, theirs = table.plan.rungs, shipped.plan.rungs
    same = all(rung in theirs for rung in own)
    places = [theirs.index(rung) for rung in own] if same else range(len(theirs))[-len(own) :]
    return _shipped_noise().among(features, list(places))


@cache
def _shipped_noise() -> TableNoise:
    table = read_table(SHIPPED)
    patterns = [entry.pattern for entry in table.plan.entries]
    problem = make_problem(study_settings(table, num_rungs=1))
    return TableNoise.of(curves_of(table, patterns), problem.features(patterns))


def simulated(
    table: Table, patterns: Sequence[ModelPattern], noise: TableNoise, num_draws: int
) -> tuple[Table, dict[str, float]]:
    """A table of draws in the place of seeds, and the quality at the last rung that they scatter about, by pattern id.

    Truth is what the table's seeds say, drawn towards the mean by as much as is noise.

    Args:
        table: of any number of seeds.
        patterns: those that it has whole.
        noise: of its runs.
        num_draws: seeds of the new table.
    """
    true = shrunken(curves_of(table, patterns), noise.rung_root)
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
