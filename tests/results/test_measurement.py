import json
from dataclasses import replace
from typing import Any

import pytest

from nas.results.measurement import LengthQuality, Measurement, Outcome

DIVERGED = Measurement(
    seed=3,
    learning_rate=4e-3,
    step=120,
    outcome=Outcome.DIVERGED,
    quality=None,
    train_loss=None,
    wall_seconds=1.5,
)


def test_a_measurement_survives_json() -> None:
    lengths = (
        LengthQuality(times=2, num_tokens=64, quality=0.1 + 0.2),
        LengthQuality(times=4, num_tokens=128, quality=1 / 3),
    )
    finished = replace(DIVERGED, outcome=Outcome.FINISHED, quality=0.1 + 0.2, train_loss=1 / 3, longer=lengths)
    for measurement in (DIVERGED, finished):
        assert Measurement.from_dict(json.loads(json.dumps(measurement.to_dict()))) == measurement


@pytest.mark.parametrize("name", sorted({*DIVERGED.to_dict()} - {"task", "parts"}))
def test_a_document_that_lacks_something_is_refused(name: str) -> None:
    document = DIVERGED.to_dict()
    del document[name]
    with pytest.raises(KeyError, match=name):
        Measurement.from_dict(document)


def test_a_document_that_says_more_is_refused() -> None:
    with pytest.raises(TypeError, match="curve"):
        Measurement.from_dict(DIVERGED.to_dict() | {"curve": []})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": "3"}, "seed must be a whole number, got '3'"),
        ({"seed": True}, "seed must be a whole number, got True"),
        ({"learning_rate": None}, "learning_rate must be a number, got None"),
        ({"wall_seconds": float("inf")}, "wall_seconds must be a number, got inf"),
        ({"outcome": "finished", "quality": "2.5"}, "quality must be a number or null, got '2.5'"),
        ({"outcome": "finished"}, "quality None does not go with the outcome finished"),
        ({"quality": 2.5}, "quality 2.5 does not go with the outcome diverged"),
        ({"outcome": "won"}, "'won' is not a valid Outcome"),
        ({"step": 1.5}, "step must be a whole number, got 1.5"),
        ({"train_loss": float("nan")}, "train_loss must be a number or null, got nan"),
        ({"longer": [{"times": 2, "num_tokens": 64, "quality": None}]}, "quality must be a number, got None"),
    ],
)
def test_numbers_of_a_wrong_type_are_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Measurement.from_dict(DIVERGED.to_dict() | change)
