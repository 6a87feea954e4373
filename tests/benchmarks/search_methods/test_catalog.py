"""Every search method, on the shipped table."""

from pathlib import Path

import pytest
from search_methods.catalog import METHODS

TABLE = Path(__file__).parents[3] / "tables" / "tabular-text.jsonl"
SMALL = [name for name, (_, options) in METHODS.items() if "num_trials" not in options]


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if "GP" in name else ()) for name in SMALL])
def test_every_method_pays_for_what_it_trains_and_is_judged_by_the_truth(name: str) -> None:
    make, options = METHODS[name]
    num_trials = 32 if name == "MO-ASHA" else 8  # of which one reaches the last rung
    search = make(TABLE, None, 0, num_trials=num_trials, **options)
    assert len(search.num_chosen) == len(search.curve)
    spent = [flops for flops, _ in search.curve]
    assert spent == sorted(spent) and spent[0] > 0
    assert all(0 <= share <= 1 for _, share in search.curve)
    assert search.tau is not None and -1 <= search.tau <= 1
    assert make(TABLE, None, 0, num_trials=num_trials, **options) == search
