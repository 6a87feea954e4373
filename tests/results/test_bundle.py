"""The records next to an export, and the numbers that an export may need."""

import json
from importlib.metadata import version
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.errors import InputError
from nas.ranges import MOST_TOKENS
from nas.results.bundle import OPTIONS, Bundle, Check, ExportSettings, Verification, own_name
from nas.results.codec import DamagedError, from_document, from_json, to_document
from tests.result_strategies import NAMES, tuples
from tests.strategies import quick

NUMBERS = st.none() | st.integers(1, MOST_TOKENS)
SETTINGS = st.builds(ExportSettings, **dict.fromkeys(OPTIONS, NUMBERS))
BUNDLES = st.builds(Bundle, format=NAMES, settings=SETTINGS, files=tuples(NAMES), written_by=NAMES)
VERIFICATIONS = st.builds(
    Verification,
    outcome=st.sampled_from(["equal", "different"]),
    format=NAMES,
    pattern_id=NAMES,
    checks=tuples(st.builds(Check, by=NAMES, compared=tuples(NAMES))),
    different=st.none() | NAMES,
    unchecked=st.none() | NAMES,
)


@quick
@given(BUNDLES | VERIFICATIONS)
def test_a_record_survives_json(record: Bundle | Verification) -> None:
    text = json.dumps(to_document(record), allow_nan=False)
    again = from_json(text, type(record))
    assert again == record
    assert json.dumps(to_document(again)) == text


def test_a_record_names_its_schema_first() -> None:
    bundle = Bundle(format="flex", settings=ExportSettings(), files=("a.py",), written_by="nas 1")
    assert next(iter(to_document(bundle).items())) == ("schema", "nas.bundle/1")
    verification = Verification(format="flex", pattern_id="0" * 16)
    assert next(iter(to_document(verification).items())) == ("schema", "nas.verification/1")


@quick
@given(SETTINGS)
def test_the_numbers_that_were_chosen_are_those_that_are_not_none(settings: ExportSettings) -> None:
    given = settings.given()
    assert ExportSettings(**given) == settings
    assert None not in given.values() and given.keys() <= OPTIONS.keys() == set(ExportSettings.__struct_fields__)


@pytest.mark.parametrize("value", [0, -1, MOST_TOKENS + 1, True, 2.0, "3"])
@pytest.mark.parametrize("name", OPTIONS)
def test_a_number_out_of_range_is_refused_under_the_name_of_its_option(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"^{OPTIONS[name]}: must be a whole number from 1 to {MOST_TOKENS}, got "):
        ExportSettings(**{name: value})


def test_a_number_out_of_range_in_a_file_is_named_with_its_place() -> None:
    bundle = Bundle(format="flex", settings=ExportSettings(num_tokens=8), files=(), written_by="nas 1")
    document = to_document(bundle)
    document["settings"]["num_tokens"] = 0
    with pytest.raises(DamagedError, match=r"^settings: --tokens: must be a whole number from 1"):
        from_document(document, Bundle)


def test_nas_names_itself_with_its_version() -> None:
    assert own_name() == f"nas {version('nas-attention')}"
