"""The benchmark of what patterns say of the residuals of projections."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from learnt_residual import LADDER, Correction, by_features, by_widths, halves, lines, residuals
from msgspec import structs
from transfer import SHIPPED

from nas.ground_truth.file import Table, read_table

SLOPES = np.array([0.03, -0.02])


@pytest.fixture(scope="module")
def shipped() -> Table:
    return read_table(SHIPPED)


def power_law(table: Table, missed: dict[str, float]) -> Table:
    """The table with losses that fall as projections take it, but for what its last rung is off by each pattern."""
    end = table.plan.rungs[-1]
    rows = [
        structs.replace(row, quality=2 + 30 * row.step**-0.5 + (missed[row.pattern_id] if row.step == end else 0))
        for row in table.rows
    ]
    return replace(table, rows=tuple(rows))


def test_halves_are_the_keys_of_both_halves_of_the_layers() -> None:
    table = read_table(LADDER / "M-plain.jsonl")
    for entry in table.plan.entries:
        windows = [entry.params[f"{half}_half.window_tokens"] for half in ("first", "second")]
        keys = [np.minimum(np.arange(256) + 1, window).mean() for window in windows]
        assert halves([entry.pattern], 256)[0] == pytest.approx(np.log2(np.array(keys) / 256))


@pytest.mark.parametrize("fit", [by_widths, by_features])
def test_a_residual_that_widths_explain_is_learnt(shipped: Table, fit: Callable[[Table, int], Correction]) -> None:
    patterns = [entry.pattern for entry in shipped.plan.entries]
    wanted = halves(patterns, 128) @ SLOPES
    table = power_law(shipped, dict(zip((one.id for one in patterns), wanted, strict=True)))
    known, missed = residuals(table, 960)
    assert [one.id for one in known] == [one.id for one in patterns] and missed == pytest.approx(wanted)
    found = fit(table, 960)(patterns, 128)
    atol = 1e-9 if fit is by_widths else 0.01  # a regression takes some of it for noise
    assert found - found.mean() == pytest.approx(wanted - wanted.mean(), abs=atol)


def test_every_regime_is_judged_with_and_without() -> None:
    rows = [line.split(" | ") for line in lines()[2:]]
    base = [row for row in rows if "rope_base=100" in row[0] and row[0].startswith("| 128 tokens, 2 layers, `proxy")]
    assert {(row[0][-1], row[1], row[3]) for row in base} == {
        (size, rung, how) for size in "ML" for rung in ("480", "960", "1,920") for how in ("widths", "features")
    }
    assert all(row[7] in ("3", "10") for row in rows), "full attention is third of nine at M and L, tenth of 31 at M"
    assert not any(row[3] == "features" for row in rows if "4 layers" in row[0] or "256 tokens" in row[0])
