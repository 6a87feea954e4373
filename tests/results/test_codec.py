"""The codec refuses whatever it did not write, in one line with the place."""

import json
from pathlib import Path
from typing import Any

import pytest

from nas.errors import StudyError
from nas.patterns.model import ModelPattern
from nas.results.codec import DamagedError, Value, check_schema, from_document, from_json, to_document
from nas.space.baselines import BASELINES
from nas.space.space import Shape

PATTERN = BASELINES["bigbird"](Shape(num_layers=2, num_heads=4, num_tokens=64, causal=True))


class Part(Value, frozen=True, kw_only=True):
    share: float
    label: str = ""


class Whole(Value, frozen=True, kw_only=True):
    count: int
    ready: bool
    parts: tuple[Part, ...] = ()
    by_name: dict[str, Part] = {}  # noqa: RUF012 - msgspec copies it
    pattern: ModelPattern | None = None
    anything: Any = None


GOOD = '"count": 1, "ready": true'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"count": 1}', "Object missing required field `ready`"),
        (f'{{{GOOD}, "surprise": 1}}', "Object contains unknown field `surprise`"),
        (f'{{{GOOD}, "parts": [{{"share": 1.0, "more": 1}}]}}', "parts[0]: Object contains unknown field `more`"),
        (f'{{{GOOD}, "parts": [{{"share": 1.0}}, {{}}]}}', "parts[1]: Object missing required field `share`"),
        ('{"count": true, "ready": true}', "count: Expected `int`, got `bool`"),
        ('{"count": 1.0, "ready": true}', "count: Expected `int`, got `float`"),
        ('{"count": "1", "ready": true}', "count: Expected `int`, got `str`"),
        ('{"count": null, "ready": true}', "count: Expected `int`, got `null`"),
        ('{"count": 1, "ready": 1}', "ready: Expected `bool`, got `int`"),
        (f'{{{GOOD}, "parts": {{}}}}', "parts: Expected `array`, got `object`"),
        (f'{{{GOOD}, "parts": [{{"share": true}}]}}', "parts[0].share: Expected `float`, got `bool`"),
        (f'{{{GOOD}, "parts": [{{"share": "1.0"}}]}}', "parts[0].share: Expected `float`, got `str`"),
        (f'{{{GOOD}, "parts": [{{"share": 1e999}}]}}', "parts[0].share: Number out of range"),
        (f'{{{GOOD}, "parts": [{{"share": -1e999}}]}}', "parts[0].share: Number out of range"),
        (f'{{{GOOD}, "anything": [1e999]}}', "anything[0]: Number out of range"),
        (f'{{{GOOD}, "parts": [{{"share": NaN}}]}}', "JSON is malformed: invalid character (byte 48)"),
        (f'{{{GOOD}, "parts": [{{"share": Infinity}}]}}', "JSON is malformed: invalid character (byte 48)"),
        (f'{{{GOOD}, "parts": [{{"share": -Infinity}}]}}', "JSON is malformed: invalid character (byte 49)"),
        (f'{{{GOOD}, "anything": NaN}}', "JSON is malformed: invalid character (byte 40)"),
        (f'{{{GOOD}, "by_name": {{"x": {{"label": 2}}}}}}', "by_name[...].label: Expected `str`, got `int`"),
        (f'{{{GOOD}, "anything": {"[" * 100_000}}}', "it is nested too deeply"),
        (f'{{{GOOD}, "pattern": {"[" * 100_000}}}', "it is nested too deeply"),
        (f'{{{GOOD}}} again', "JSON is malformed: trailing characters (byte 29)"),
        ("[]", "Expected `object`, got `array`"),
        ("5", "Expected `object`, got `int`"),
        ("", "Input data was truncated"),
        ("{", "Input data was truncated"),
    ],
)  # fmt: skip
def test_what_was_not_written_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(DamagedError) as caught:
        from_json(text, Whole)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\x00", "JSON is malformed: invalid character (byte 0)"),
        (b'\xef\xbb\xbf{"count": 1, "ready": true}', "JSON is malformed: invalid character (byte 0)"),
        (
            b'{"count": 1, "ready": true, "anything": "\xff"}',
            "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
        ),
    ],
)
def test_what_is_not_utf_8_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(DamagedError) as caught:
        from_json(content, Whole)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"count": 1}, "Object missing required field `ready`"),
        ({"count": 1, "ready": True, "surprise": 1}, "Object contains unknown field `surprise`"),
        ({"count": True, "ready": True}, "count: Expected `int`, got `bool`"),
        ({"count": 1, "ready": True, "parts": [{"share": "1"}]}, "parts[0].share: Expected `float`, got `str`"),
        ([], "Expected `object`, got `array`"),
    ],
)
def test_plain_data_is_read_as_strictly(document: Any, said: str) -> None:
    with pytest.raises(DamagedError) as caught:
        from_document(document, Whole)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    "acting", ["\x1b[2J", "\x00", "\x7f", "\x9b", "\b", "\f", "\u202e", "\u2066", "\u2028", "\ufeff"]
)
@pytest.mark.parametrize("escaped", [True, False])
def test_text_that_would_act_on_a_terminal_is_refused(acting: str, escaped: bool) -> None:
    """Names are shown as they are, and a file may come from a stranger."""
    text = json.dumps({"count": 1, "ready": True, "anything": f"a{acting}"}, ensure_ascii=escaped)
    if not escaped:
        text = text.replace(json.dumps(acting)[1:-1], acting)
    with pytest.raises(DamagedError, match=r"act on a terminal|malformed"):
        from_json(text.encode(), Whole)


@pytest.mark.parametrize("text", ["tab\tand\nline", "\\u001b", "\\\\b", "é 名 🧨", "C:\\b"])
def test_other_text_comes_back_as_it_was(text: str) -> None:
    document = {"count": 1, "ready": True, "anything": text}
    assert from_json(json.dumps(document), Whole).anything == text


def test_a_pattern_inside_is_named_with_both_places() -> None:
    document = to_document(Whole(count=1, ready=True, pattern=PATTERN))
    assert document["pattern"] == PATTERN.to_dict()
    assert from_document(document, Whole).pattern == PATTERN
    document["pattern"]["layers"][1]["heads"][0]["count"] = 0
    with pytest.raises(DamagedError, match=r"^pattern: layers\[1\]\.heads\[0\]\.count: must be 1 or more, got 0\.$"):
        from_document(document, Whole)


@pytest.mark.parametrize("count", [2**53 + 1, 2**64, 10**30, -(2**70)])
def test_whole_numbers_of_any_size_come_back_to_the_digit(count: int) -> None:
    assert from_json(f'{{"count": {count}, "ready": true}}', Whole) == Whole(count=count, ready=True)


def test_what_has_no_form_in_json_is_a_defect() -> None:
    with pytest.raises(NotImplementedError, match="no JSON form for range"):
        to_document(Whole(count=1, ready=True, anything=range(3)))


class TestSchema:
    path = Path("runs/toy/front.json")

    def test_its_own_passes_whatever_else_there_is(self) -> None:
        check_schema('{"surprise": 1, "schema": "nas.front/2"}', "nas.front/2", self.path)

    @pytest.mark.parametrize(
        ("named", "remedy"),
        [
            ("nas.front/3", "A newer nas wrote it: upgrade nas."),
            ("nas.front/10", "A newer nas wrote it: upgrade nas."),
            ("nas.front/1", "Restore it, or make it again with this nas."),
            ("front", "Restore it, or make it again with this nas."),
            ("", "Restore it, or make it again with this nas."),
        ],
    )
    def test_another_says_what_to_do(self, named: str, remedy: str) -> None:
        with pytest.raises(StudyError) as caught:
            check_schema(f'{{"schema": "{named}"}}', "nas.front/2", self.path)
        assert str(caught.value) == f"runs/toy/front.json: schema: must be 'nas.front/2', got {named!r}. {remedy}"

    def test_a_later_one_of_another_kind_is_not_newer(self) -> None:
        with pytest.raises(StudyError, match=r"got 'nas\.table/9'\. Restore it"):
            check_schema('{"schema": "nas.table/9"}', "nas.front/2", self.path)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("{}", "Object missing required field `schema`"),
            ('{"schema": 2}', "schema: Expected `str`, got `int`"),
            ("[]", "Expected `object`, got `array`"),
            ("{", "Input data was truncated"),
        ],
    )
    def test_none_is_damage(self, text: str, said: str) -> None:
        with pytest.raises(DamagedError) as caught:
            check_schema(text, "nas.front/2", self.path)
        assert str(caught.value) == said
