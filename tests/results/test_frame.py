"""A front as a data frame: pandas, else polars, else one line."""

import math
import sys

import pandas
import polars
import pytest

from nas.errors import InputError
from nas.patterns.label import label
from nas.results.front import Front
from nas.results.trial import TrialState
from tests.fronts import as_baseline, make_baseline, make_front, make_point


@pytest.fixture
def front() -> Front:
    """Two points, one of which is a baseline, full attention, and a baseline that failed."""
    local = make_point(2, 2.2, 0.4, 0.3, baseline="local_global")
    failed = make_baseline(1, baseline="bigbird", state=TrialState.FAILED, values={}, estimates={})
    return make_front(
        points=(make_point(9, 2.05, 0.6, 0.8, front_probability=0.83), local),
        baselines=(make_baseline(0), failed, as_baseline(local)),
    )


@pytest.fixture(params=["pandas", "polars"])
def library(request, monkeypatch):
    """The one library that is installed."""
    other = {"pandas": "polars", "polars": "pandas"}[request.param]
    monkeypatch.setitem(sys.modules, other, None)
    return {"pandas": pandas, "polars": polars}[request.param]


def test_points_come_first_and_no_entry_twice(front: Front, library) -> None:
    frame = front.to_dataframe()
    assert isinstance(frame, library.DataFrame)
    assert list(frame["trial"]) == [9, 2, 0, 1]
    assert list(frame["on_front"]) == [True, True, False, False]
    assert frame["label"][0] == label(front.points[0].pattern)


def test_values_have_the_names_of_settings_and_constraints(front: Front, library) -> None:
    frame = front.to_dataframe()
    assert frame["quality"][0] == 2.05 and frame["quality_estimate"][0] == front.points[0].worth("quality")
    assert frame["flops_ratio"][0] == pytest.approx(0.6) and frame["kv_cache_ratio"][0] == pytest.approx(0.8, abs=1e-5)
    assert frame["flops"][0] == front.points[0].values["flops"]
    absent = frame["quality"][3]
    assert absent is None or math.isnan(absent), "what failed has no value"


def test_a_front_without_points_has_a_table(library) -> None:
    frame = make_front(points=(), baselines=()).to_dataframe()
    assert len(frame) == 0 and "quality" in frame.columns


def test_pandas_is_taken_where_both_are_there(front: Front) -> None:
    assert isinstance(front.to_dataframe(), pandas.DataFrame)


def test_without_either_there_is_one_line(front: Front, monkeypatch) -> None:
    def absent(name: str):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr("nas.results.frame.import_module", absent)
    with pytest.raises(InputError, match=r"^to_dataframe: needs pandas or polars, got 'neither'\. pip install pandas"):
        front.to_dataframe()
