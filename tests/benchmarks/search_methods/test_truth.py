"""The truth of a table."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from search_methods.driven import driven
from search_methods.truth import load

from nas.statistics.pareto import hypervolume, nondominated
from tests.tiny_table import pretend_table

TABLE = Path(__file__).parents[3] / "tables" / "tabular-text.jsonl"


def test_the_whole_front_is_worth_everything_and_the_worst_pattern_nothing() -> None:
    _, _, truth = load(TABLE)
    ids = list(truth.values)
    assert len(truth.front) == 7
    for reference in (truth.nadir, truth.worst):
        assert truth.share(truth.front, reference) == pytest.approx(1)
        assert truth.share(ids, reference) == pytest.approx(1)
        assert 0 < truth.share(truth.front[:1], reference) < 1
        assert truth.share([max(ids, key=lambda identity: truth.values[identity][1])], reference) == 0
    assert truth.tau({identity: truth.values[identity][0] for identity in ids}) == pytest.approx(1)


@given(chosen=st.sets(st.integers(0, 146), max_size=12))
def test_shares_are_those_of_the_definition(chosen: set[int]) -> None:
    _, _, truth = load(TABLE)
    points = list(truth.values.values())
    front = [points[index] for index in nondominated(points)]
    reference = tuple(
        max(column) + 0.1 * (max(column) - min(column)) for column in zip(*front, strict=True)
    )  # a tenth of the front's range beyond its nadir
    ids = [list(truth.values)[index] for index in chosen]
    volume = hypervolume([truth.values[identity] for identity in ids], reference)
    assert truth.share(ids) == pytest.approx(volume / hypervolume(points, reference))


def test_the_nadir_tells_apart_what_the_worst_of_the_table_does_not() -> None:
    _, _, truth = load(TABLE)
    dense = [identity for identity in truth.values if truth.values[identity][1] > 0.33]
    assert truth.share(dense) < truth.share(dense, truth.worst) - 0.1


def test_a_task_whose_quality_is_to_be_maximised_is_turned_round(tmp_path: Path) -> None:
    pretend_table(tmp_path / "recall.jsonl")
    table, _, truth = load(tmp_path / "recall.jsonl")
    assert table.task.direction == "maximize"
    measured = {
        (row.pattern_id, row.seed, row.step): row.quality
        for row in table.rows
        if not row.sweep and row.quality is not None
    }
    assert truth.by_rung == {key: -quality for key, quality in measured.items()}
    search = driven(tmp_path / "recall.jsonl", 0, 0, sampler="random", num_rungs=1, num_trials=12)
    assert truth.share(search.moments[-1].ids) == pytest.approx(1)  # finds all four patterns
    assert search.tau is not None and search.tau > 0
