"""A measurement survives a round trip, and an edited one is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from nas.results.codec import DamagedError, from_document, from_json, to_document
from nas.results.measurement import LengthQuality, Measurement, Outcome, PartQuality
from tests.result_strategies import measurements
from tests.strategies import quick

DIVERGED = Measurement(
    seed=3,
    learning_rate=4e-3,
    step=120,
    outcome=Outcome.DIVERGED,
    quality=None,
    train_loss=None,
    wall_seconds=1.5,
    longer=(),
)
FINISHED = replace(DIVERGED, outcome=Outcome.FINISHED, quality=0.1 + 0.2, train_loss=1 / 3)


@quick
@given(measurements())
def test_a_measurement_survives_json(measurement: Measurement) -> None:
    text = json.dumps(to_document(measurement), allow_nan=False)
    again = from_json(text, Measurement)
    assert again == measurement
    assert json.dumps(to_document(again)) == text


def test_a_document_has_every_number_under_its_name() -> None:
    longer = (LengthQuality(times=2, num_tokens=64, quality=2.0), LengthQuality(times=4, num_tokens=128, quality=3.0))
    measurement = replace(FINISHED, task="needle", longer=longer, parts=(PartQuality(name="depth_10", quality=0.5),))
    assert json.loads(json.dumps(to_document(measurement))) == {
        "seed": 3,
        "learning_rate": 4e-3,
        "step": 120,
        "outcome": "finished",
        "quality": 0.1 + 0.2,
        "train_loss": 1 / 3,
        "wall_seconds": 1.5,
        "task": "needle",
        "pattern_id": "",
        "conditions": "",
        "environment": "",
        "longer": [
            {"times": 2, "num_tokens": 64, "quality": 2.0},
            {"times": 4, "num_tokens": 128, "quality": 3.0},
        ],
        "parts": [{"name": "depth_10", "quality": 0.5}],
        "reason": "",
    }


OPTIONAL = ["task", "pattern_id", "conditions", "environment", "parts", "reason"]


@pytest.mark.parametrize("name", sorted({*Measurement.__struct_fields__} - {*OPTIONAL}))
def test_a_document_that_lacks_something_is_refused(name: str) -> None:
    document = to_document(DIVERGED)
    del document[name]
    with pytest.raises(DamagedError, match=f"^Object missing required field `{name}`$"):
        from_document(document, Measurement)


@pytest.mark.parametrize("name", OPTIONAL)
def test_what_older_versions_did_not_write_is_empty(name: str) -> None:
    document = to_document(FINISHED)
    del document[name]
    assert from_document(document, Measurement) == FINISHED


def test_a_document_with_more_keys_is_refused() -> None:
    with pytest.raises(DamagedError, match=r"^Object contains unknown field `curve`$"):
        from_document(to_document(DIVERGED) | {"curve": []}, Measurement)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": "3"}, "seed: Expected `int`, got `str`"),
        ({"seed": True}, "seed: Expected `int`, got `bool`"),
        ({"learning_rate": None}, "learning_rate: Expected `float`, got `null`"),
        ({"learning_rate": True}, "learning_rate: Expected `float`, got `bool`"),
        ({"outcome": "finished", "quality": "2.5"}, "quality: Expected `float | null`, got `str`"),
        ({"outcome": "finished"}, "quality None does not go with the outcome finished"),
        ({"quality": 2.5}, "quality 2.5 does not go with the outcome diverged"),
        ({"outcome": "won"}, "outcome: Invalid enum value 'won'"),
        ({"step": 1.5}, "step: Expected `int`, got `float`"),
        ({"task": None}, "task: Expected `str`, got `null`"),
        ({"longer": {}}, "longer: Expected `array`, got `object`"),
        (
            {"longer": [{"times": 2, "num_tokens": 64, "quality": None}]},
            "longer[0].quality: Expected `float`, got `null`",
        ),
        ({"parts": [{"name": "x", "quality": 1.0, "chance": 0.1}]}, "parts[0]: Object contains unknown field `chance`"),
    ],
)
def test_what_has_a_wrong_type_is_refused(change: dict[str, Any], said: str) -> None:
    document = to_document(DIVERGED) | change
    for read in (lambda: from_document(document, Measurement), lambda: from_json(json.dumps(document), Measurement)):
        with pytest.raises(DamagedError) as caught:
            read()
        assert str(caught.value) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("1e999", "Number out of range"),
        ("NaN", "JSON is malformed: invalid character"),
        ("Infinity", "JSON is malformed: invalid character"),
        ("-Infinity", "JSON is malformed: invalid character"),
    ],
)
@pytest.mark.parametrize("name", ["quality", "train_loss", "wall_seconds"])
def test_numbers_that_are_not_finite_are_refused(name: str, number: str, said: str) -> None:
    text = json.dumps(to_document(FINISHED) | {name: "HERE"}).replace('"HERE"', number)
    with pytest.raises(DamagedError, match=said):
        from_json(text, Measurement)


def test_a_run_that_gave_no_quality_has_none() -> None:
    lost = Measurement.unfinished(3, 4e-3, 120, Outcome.OUT_OF_MEMORY)
    assert lost == replace(DIVERGED, outcome=Outcome.OUT_OF_MEMORY, wall_seconds=0.0)
    with pytest.raises(ValueError, match="quality None does not go with the outcome finished"):
        Measurement.unfinished(3, 4e-3, 120, Outcome.FINISHED)
