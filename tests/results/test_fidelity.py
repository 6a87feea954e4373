"""The fidelity report: what goes together in it, and its names in front.json."""

import json
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from nas.results.codec import DamagedError, from_document, from_json, to_document
from nas.results.fidelity import FidelityReport, Move
from tests.fronts import make_fidelity
from tests.result_strategies import reports
from tests.strategies import quick


@quick
@given(reports(["quality", "quality_2x"]))
def test_a_report_survives_json(report: FidelityReport) -> None:
    text = json.dumps(to_document(report), allow_nan=False)
    assert from_json(text, FidelityReport) == report
    assert json.dumps(to_document(from_json(text, FidelityReport))) == text


def test_places_are_called_from_and_to_in_the_file() -> None:
    move = Move(trial=3, place=1, forecast_place=4)
    assert to_document(move) == {"trial": 3, "from": 1, "to": 4}
    with pytest.raises(DamagedError, match=r"unknown field `place`|missing required field `from`"):
        from_document({"trial": 3, "place": 1, "to": 4}, Move)


@pytest.mark.parametrize("name", ["tau_high", "chance", "regret_of_best"])
def test_a_tau_with_an_interval_has_all_that_is_reported_of_it(name: str) -> None:
    with pytest.raises(ValueError, match="tau has an interval, but tau_high, chance or regret_of_best is null"):
        make_fidelity(**{name: None})


@pytest.mark.parametrize("nothing", [{"tau": None}, {"tau_low": None}, {"tau": None, "tau_low": None}])
def test_without_tau_or_interval_the_others_may_be_missing(nothing: dict[str, Any]) -> None:
    quality = make_fidelity().objectives["quality"]
    assert replace(quality, **nothing, tau_high=None, chance=None, regret_of_best=None).chance is None
