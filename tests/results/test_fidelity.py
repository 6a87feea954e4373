"""The fidelity report: what goes together in it, and its names in front.json."""

import json

import pytest
from hypothesis import given

from nas.results.codec import DamagedError, from_document, from_json, to_document
from nas.results.fidelity import FidelityReport, Move
from tests.fronts import make_agreement, make_fidelity
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


def test_an_agreement_comes_with_a_regret() -> None:
    with pytest.raises(ValueError, match="there is an agreement, but regret_of_best is null"):
        make_fidelity(regret_of_best=None)
    assert make_fidelity(agreement=None, regret_of_best=None).objectives["quality"].agreement is None


def test_a_ranking_is_better_than_chance_if_its_interval_is_above_zero() -> None:
    assert make_agreement(low=0.01).better_than_chance and not make_agreement(low=-0.01).better_than_chance
