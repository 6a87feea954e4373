"""The truth of the shipped table."""

from pathlib import Path

import pytest
from search_methods.truth import load

from nas.statistics.pareto import nondominated

TABLE = Path(__file__).parents[3] / "tables" / "tabular-text.jsonl"


def test_the_whole_front_is_worth_everything_and_the_worst_pattern_nothing() -> None:
    _, _, truth = load(TABLE, None)
    ids = list(truth.values)
    points = [truth.values[identity] for identity in ids]
    front = [ids[index] for index in nondominated(points)]
    assert truth.share(front) == pytest.approx(1)
    assert truth.share(ids) == pytest.approx(1)
    assert 0 < truth.share(front[:1]) < 1
    assert truth.share([max(ids, key=lambda identity: truth.values[identity][1])]) == 0  # at the reference point
    assert truth.tau({identity: truth.values[identity][0] for identity in ids}) == pytest.approx(1)
