"""What no search can beat, on the shipped table."""

from itertools import combinations
from pathlib import Path

from search_methods.floor import ceiling, fewest, floor_lines
from search_methods.truth import load

TABLE = Path(__file__).parents[3] / "tables" / "tabular-text.jsonl"


def test_the_fewest_patterns_reach_the_share_and_fewer_do_not() -> None:
    _, _, truth = load(TABLE)
    for share in (0.5, 0.95):
        ids = fewest(truth, share)
        assert truth.share(ids) >= share
        fewer = combinations(truth.values if len(ids) < 3 else truth.front, len(ids) - 1)
        assert all(truth.share(others) < share for others in fewer)
    assert fewest(truth, 1.0) and len(fewest(truth, 0.5)) < len(fewest(truth, 0.95))


def test_longer_runs_tell_more() -> None:
    _, _, truth = load(TABLE, 8)
    shares = [sum(ceiling(truth, rung)) / 8 for rung in truth.rungs]
    assert shares == sorted(shares) and 0 < shares[0] < 0.8 < shares[-1] <= 1
    lines = list(floor_lines(truth))
    assert sum(line.startswith("| 960 | 0.250 |") for line in lines) == 1
