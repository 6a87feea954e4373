"""What a check one size up tells."""

from pathlib import Path

import numpy as np
import one_size_up
import pytest

LADDER = Path(__file__).parents[2] / "tables" / "ladder"


@pytest.fixture(scope="module")
def sizes() -> one_size_up.Sizes:
    return one_size_up.Sizes(LADDER / "S-base100-drawn.jsonl", LADDER / "M-drawn.jsonl")


def test_the_whole_agrees_as_the_page_says(sizes: one_size_up.Sizes) -> None:
    assert [len(own) for own in sizes.by_seed] == [31, 31]
    assert [round(sizes.whole(own), 2) for own in sizes.by_seed] == [0.55, 0.53]  # docs/transfer.md
    assert sizes.step_ratio == pytest.approx(4.26, abs=0.1)


def test_a_check_of_more_patterns_knows_more(sizes: one_size_up.Sizes) -> None:
    rows = list(one_size_up.rows(sizes))
    widths = [float(row[3]) for row in rows]
    assert widths == sorted(widths, reverse=True) and rows[0][4] == "0%"
    steps = [int(row[5].replace(",", "")) for row in rows]
    assert steps[-1] / steps[0] == pytest.approx(12 / 3, rel=0.01)


def test_a_check_is_of_the_best_and_of_every_stratum(sizes: one_size_up.Sizes) -> None:
    small = sizes.by_seed[0]
    of_all = sizes.check(small, len(small), np.random.default_rng(0))
    assert of_all.quantile(0.05) < sizes.whole(small) + 0.2 and of_all.quantile(0.05) > 0
