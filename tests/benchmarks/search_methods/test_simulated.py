"""Tables of drawn scores, from the shipped table."""

from pathlib import Path

import numpy as np
import pytest
from search_methods.simulated import curves_of
from search_methods.truth import load

from nas.errors import InputError
from tests.tiny_table import pretend_table

TABLES = Path(__file__).parents[3] / "tables"
TABLE = TABLES / "tabular-text.jsonl"
NUM_DRAWS = 60


def test_scores_scatter_about_a_truth_that_is_known() -> None:
    table, _, truth = load(TABLE, NUM_DRAWS)
    own, _, own_truth = load(TABLE)
    patterns = [entry.pattern for entry in table.plan.entries]
    drawn, measured = curves_of(table, patterns), curves_of(own, patterns)
    assert drawn.shape == (147, NUM_DRAWS, 5) and truth.seeds == tuple(range(NUM_DRAWS))
    true = np.array([truth.values[pattern.id][0] for pattern in patterns])
    assert drawn[:, :, -1].mean(axis=1) == pytest.approx(true, abs=0.008)
    assert drawn.std(axis=1, ddof=1).mean(axis=0) == pytest.approx(
        np.sqrt(measured.var(axis=1, ddof=1).mean(axis=0)), rel=0.1
    )
    assert [truth.values[one.id][1:] for one in patterns] == [own_truth.values[one.id][1:] for one in patterns]


def test_a_search_sees_its_own_draw() -> None:
    table, _, truth = load(TABLE, NUM_DRAWS)
    identity = table.plan.entries[0].pattern.id
    seen = [truth.observed(identity, seed, 960)[0] for seed in range(NUM_DRAWS)]
    assert len(set(seen)) == NUM_DRAWS
    rows = {row.seed: row.quality for row in table.rows if (row.pattern_id, row.step) == (identity, 960)}
    assert seen == [rows[seed] for seed in range(NUM_DRAWS)]


@pytest.mark.parametrize(("name", "places"), [("S-plain", [0, 1, 2, 3, 4]), ("M-plain", [1, 2, 3, 4])])
def test_a_table_of_one_seed_has_the_noise_of_the_shipped_one(name: str, places: list[int]) -> None:
    path = TABLES / "ladder" / f"{name}.jsonl"
    table, _, truth = load(path, NUM_DRAWS)
    shipped, _, _ = load(TABLE)
    theirs = curves_of(shipped, [entry.pattern for entry in shipped.plan.entries])[:, :, places]
    expected = np.sqrt(theirs.var(axis=1, ddof=1).mean(axis=0))
    drawn = curves_of(table, [entry.pattern for entry in table.plan.entries])
    assert drawn.std(axis=1, ddof=1).mean(axis=0) == pytest.approx(expected, rel=0.15)
    measured = {row.pattern_id: row.quality for row in load(path)[0].rows if row.step == truth.rungs[-1]}
    assert [truth.values[one][0] for one in measured] == pytest.approx(list(measured.values()), abs=0.02)


def test_one_seed_of_another_task_tells_nothing_about_noise(tmp_path: Path) -> None:
    pretend_table(tmp_path / "recall.jsonl", seeds=1)
    expected = r"^table: must have two seeds or more .* or be in bits per byte, got \[0\]\. Replay its own seed"
    with pytest.raises(InputError, match=expected):
        load(tmp_path / "recall.jsonl", 2)
