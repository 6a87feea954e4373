"""Qualities by rung, pattern and seed, against plain loops over the rows."""

from dataclasses import replace
from itertools import permutations
from statistics import fmean

import pytest
from msgspec import structs
from scipy.stats import kendalltau

from nas.ground_truth.file import Table
from nas.ground_truth.qualities import Qualities
from nas.results.measurement import Outcome
from nas.results.table import TableRow

RUNGS, SEEDS = (4, 8), (0, 1, 2)


def _quality(table: Table, pattern: str, seed: int, rung: int) -> float | None:
    """The definition: the only row that is no sweep."""
    rows = [
        row for row in table.rows if (row.pattern_id, row.seed, row.step, row.sweep) == (pattern, seed, rung, False)
    ]
    return rows[0].quality if rows else None


def _ids(table: Table) -> list[str]:
    return [entry.pattern.id for entry in table.plan.entries]


def _with_gaps(table: Table) -> Table:
    """One run in five has diverged, one in seven is missing."""

    def diverged(row: TableRow) -> TableRow:
        return structs.replace(row, outcome=Outcome.DIVERGED, quality=None, train_loss=None)

    rows = (diverged(row) if number % 5 == 0 else row for number, row in enumerate(table.rows) if number % 7)
    return replace(table, rows=tuple(rows))


@pytest.fixture(scope="module")
def table(wide_table: Table) -> Table:
    return _with_gaps(wide_table)


def test_every_finished_run_outside_the_sweep_is_found(table: Table) -> None:
    qualities = Qualities(table)
    for rung in RUNGS:
        expected = {
            pattern: own
            for pattern in _ids(table)
            if (own := {s: q for s in SEEDS if (q := _quality(table, pattern, s, rung)) is not None})
        }
        assert qualities.by_seed(rung) == expected
        assert qualities.means(rung) == {pattern: fmean(own.values()) for pattern, own in expected.items()}
    assert len(qualities.runs) == sum(not row.sweep for row in table.rows)
    assert any(row.quality is None for row in qualities.runs)


@pytest.mark.parametrize(("direction", "sign"), [("maximize", -1), ("minimize", 1)])
def test_pairs_are_means_over_the_seeds_that_have_both_rungs(table: Table, direction: str, sign: int) -> None:
    task = structs.replace(table.task, direction=direction)
    qualities = Qualities(replace(table, header=structs.replace(table.header, task=task)))
    assert (qualities.last, qualities.sign) == (8, sign)
    expected = {}
    for pattern in _ids(table):
        both = [
            (here, there)
            for seed in SEEDS
            if (here := _quality(table, pattern, seed, 4)) is not None
            and (there := _quality(table, pattern, seed, 8)) is not None
        ]
        if both:
            expected[pattern] = tuple(sign * fmean(side) for side in zip(*both, strict=True))
    paired = qualities.paired(4)
    assert paired.keys() == expected.keys()
    assert all(paired[pattern] == pytest.approx(pair) for pattern, pair in expected.items())
    assert all(here == there for here, there in qualities.paired(8).values())


def test_seeds_are_compared_over_the_patterns_that_have_both(table: Table) -> None:
    qualities = Qualities(table)
    for seed, other in permutations(SEEDS, 2):
        pairs = [(_quality(table, p, seed, 4), _quality(table, p, other, 8)) for p in _ids(table)]
        known = [pair for pair in pairs if None not in pair]
        assert 2 < len(known) < len(pairs)
        expected = kendalltau(*zip(*known, strict=True)).statistic
        assert qualities.tau_of_seeds(4, seed, 8, other) == pytest.approx(expected)


def test_an_empty_table_has_no_qualities(table: Table) -> None:
    qualities = Qualities(replace(table, rows=()))
    assert not qualities.by_seed(4) and not qualities.means(4) and not qualities.paired(4)
    assert qualities.tau_of_seeds(4, 0, 8, 1) is None
