"""The lines of a table survive a round trip, and edited ones are refused with their place."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from nas.results.codec import DamagedError, from_document, from_json, to_document
from nas.results.measurement import Measurement, Outcome
from nas.results.table import Session, SessionLine, TableEntry, TableHeader, TableRow, TaskFacts
from tests.result_strategies import NAMES, NUMBERS, SEEDS, measurements
from tests.strategies import patterns, quick

ROW = TableRow(
    pattern_id="5ef7b4395f38b714",
    sweep=False,
    seed=1,
    learning_rate=4e-3,
    step=480,
    outcome=Outcome.FINISHED,
    quality=2.5,
    train_loss=1.7,
    wall_seconds=12.5,
)

FACTS = st.builds(
    TaskFacts,
    unit=NAMES,
    direction=st.sampled_from(["minimize", "maximize"]),
    chance=NUMBERS,
    num_tokens=st.integers(1, 10**9),
    vocab_size=st.integers(1, 10**9),
)
ENTRIES = st.builds(
    TableEntry,
    params=st.dictionaries(NAMES, st.booleans() | st.integers() | NAMES, max_size=2),
    pattern=patterns(computing=True),
    band=st.integers(0, 2),
)
HEADERS = st.builds(
    TableHeader,
    settings=st.dictionaries(NAMES, st.none() | st.lists(NUMBERS, max_size=2) | NAMES, max_size=3),
    task=FACTS,
    task_fingerprint=NAMES,
    corpus_hash=st.none() | NAMES,
    rungs=SEEDS,
    seeds=SEEDS,
    learning_rates=st.lists(NUMBERS, max_size=3).map(tuple),
    sweep_rung=st.integers(0, 2**40),
    patterns=st.dictionaries(NAMES, ENTRIES, max_size=2),
)
SESSIONS = st.builds(
    Session, workers=st.integers(1, 99), **{name: NAMES for name in Session.__struct_fields__ if name != "workers"}
)


@quick
@given(HEADERS, SESSIONS.map(lambda session: SessionLine(session=session)))
def test_a_header_and_a_session_survive_json(header: TableHeader, line: SessionLine) -> None:
    for value in (header, line):
        text = json.dumps(to_document(value), sort_keys=True, allow_nan=False)
        again = from_json(text, type(value))
        assert again == value
        assert json.dumps(to_document(again), sort_keys=True) == text


@quick
@given(measurements(), NAMES, st.booleans())
def test_a_row_is_a_measurement_and_of_what(measurement: Measurement, pattern_id: str, sweep: bool) -> None:
    row = TableRow.of(pattern_id, measurement, sweep=sweep)
    assert row.measurement == replace(measurement, pattern_id=pattern_id)
    assert type(row.measurement) is Measurement
    assert row.key == (pattern_id, measurement.seed, measurement.learning_rate, measurement.step, sweep)
    assert to_document(row) == to_document(measurement) | {"pattern_id": pattern_id, "sweep": sweep}
    assert from_json(json.dumps(to_document(row), allow_nan=False), TableRow) == row


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"surprise": 1}, "Object contains unknown field `surprise`"),
        ({"sweep": 1}, "sweep: Expected `bool`, got `int`"),
        ({"step": True}, "step: Expected `int`, got `bool`"),
        ({"pattern_id": 5}, "pattern_id: Expected `str`, got `int`"),
        ({"outcome": "diverged"}, "quality 2.5 does not go with the outcome diverged"),
    ],
)
def test_a_row_that_was_edited_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(DamagedError) as caught:
        from_document(to_document(ROW) | change, TableRow)
    assert str(caught.value) == said


@pytest.mark.parametrize("name", ["pattern_id", "sweep", "seed", "quality"])
def test_a_row_that_lacks_something_is_refused(name: str) -> None:
    document = to_document(ROW)
    del document[name]
    with pytest.raises(DamagedError, match=f"^Object missing required field `{name}`$"):
        from_document(document, TableRow)


@pytest.mark.parametrize("name", Session.__struct_fields__)
def test_a_session_that_lacks_something_is_refused(name: str) -> None:
    document = dict.fromkeys(Session.__struct_fields__, "x") | {"workers": 1}
    del document[name]
    with pytest.raises(DamagedError, match=f"^session: Object missing required field `{name}`$"):
        from_document({"session": document}, SessionLine)
