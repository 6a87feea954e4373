"""The front as it grew."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.results.trial import TrialState
from nas.statistics.pareto import nondominated
from nas.tracking.runs.growth import growth
from tests.fronts import OBJECTIVES, make_pattern, make_trial, make_values

VALUES = st.lists(st.tuples(*(st.integers(1, 4) for _ in range(3))), max_size=12)


def finished(number: int, *values: float):
    return make_trial(number, TrialState.FINISHED, pattern=make_pattern(), values=make_values(*values))


@given(VALUES)
def test_every_row_is_the_front_of_all_trials_up_to_it(values) -> None:
    trials = [finished(number, *one) for number, one in enumerate(values)]
    rows = growth(trials, OBJECTIVES)
    assert [number for number, _ in rows] == list(range(len(values)))
    for number, row in rows:
        points = [tuple(map(float, trial.values.values())) for trial in trials[: number + 1]]
        assert row["front_size"] == len(nondominated(points))
        assert row["best/quality"] == min(point[0] for point in points)
        assert row["best/kv_cache_bytes"] == min(point[2] for point in points)
    volumes = [row["hypervolume"] for _, row in rows]
    assert volumes == sorted(volumes)
    assert not volumes or volumes[-1] == pytest.approx(1)


def test_trials_below_the_last_rung_add_nothing() -> None:
    stopped = make_trial(1, TrialState.STOPPED, pattern=make_pattern(), values=make_values(0.1))
    rows = growth([finished(0, 2.0), stopped, finished(2, 1.0)], OBJECTIVES)
    assert [(number, row["best/quality"]) for number, row in rows] == [(0, 2.0), (2, 1.0)]


def test_an_ended_study_has_its_own_hypervolumes() -> None:
    rows = growth([finished(0), make_trial(1, TrialState.FAILED)], OBJECTIVES, {0: 0.25, 1: 0.5})
    assert [row["hypervolume"] for _, row in rows] == [0.25, 0.5]
    assert "front_size" not in rows[1][1]
