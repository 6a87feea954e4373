"""The codec of all JSON files that `nas` writes and reads back: strict and typed.

Values are msgspec structs. Reading refuses unknown keys, wrong types, numbers that are not finite and other schemas,
each in one line that names the file and the place in it (decision 18).
"""

import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from nas.errors import StudyError
from nas.patterns.file import shared_pattern
from nas.patterns.model import ModelPattern

T = TypeVar("T")

_PLACE = re.compile(r"^(?P<what>.*?)(?: - at (?:`key` in )?`\$(?P<place>[^`]*)`)?$", re.DOTALL)
_ACTS = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]|\xef\xbb\xbf"
)
_ACTS_ESCAPED = re.compile(
    rb"(?<!\\)(?:\\\\)*(\\[bf]|\\u(?:00(?:[01]|7f|[89])|200[b-f]|202[89a-e]|206[6-9]|feff))", re.IGNORECASE
)
"""Control characters, and those that turn or hide text: as they are in UTF-8, and as JSON escapes them."""

_HARMLESS = bytes([*b"\t\n", *range(0x20, 0x7F)])
"""The characters of ASCII that do not act."""

_ESCAPES = (b"\\b", b"\\f", b"\\u", b"\\U")
"""What every escape of those that act begins with."""

_SCHEMA = re.compile(r"(?P<kind>nas\.[a-z_]+)/(?P<version>\d+)")


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A frozen value with a JSON form; `msgspec.structs.replace` makes changed copies."""


class DamagedError(ValueError):
    """Content that does not match its type; the text is `place: what`, without the file."""


def to_document(value: Any) -> Any:
    """A value as plain data, ready for JSON; equal values give equal documents."""
    return msgspec.to_builtins(value, enc_hook=_encode, str_keys=True)


def from_document(document: Any, kind: type[T]) -> T:
    """A value from plain data.

    Raises:
        DamagedError: the document is not a `kind`.
    """
    try:
        return msgspec.convert(document, kind, dec_hook=_decode)
    except (msgspec.ValidationError, RecursionError, OverflowError) as error:
        raise DamagedError(_message(error)) from None


def from_json(content: bytes | str, kind: type[T]) -> T:
    """A value from the text of a JSON file.

    Raises:
        DamagedError: the text is not JSON, or not that of a `kind`; or it holds what would act on a terminal, where
            names and reasons are shown.
    """
    try:
        value = msgspec.json.decode(content, type=kind, dec_hook=_decode)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        raise DamagedError(_message(error)) from None
    _check_harmless(content.encode() if isinstance(content, str) else content)
    return value


def check_schema(content: bytes | str, schema: str, path: Path) -> None:
    """Refuse a file that another version wrote, before its content is judged by this version's types.

    Raises:
        StudyError: the file names another schema.
        DamagedError: it names none.
    """
    named = from_json(content, _Named).schema
    if named == schema:
        return
    ours, theirs = _SCHEMA.fullmatch(schema), _SCHEMA.fullmatch(named)
    newer = (
        ours is not None
        and theirs is not None
        and ours["kind"] == theirs["kind"]
        and int(theirs["version"]) > int(ours["version"])
    )
    remedy = "A newer nas wrote it: upgrade nas." if newer else "Restore it, or make it again with this nas."
    raise StudyError(f"{path}: schema: must be {schema!r}, got {named!r}. {remedy}")


def _check_harmless(content: bytes) -> None:
    may_act = not content.isascii() or content.translate(None, _HARMLESS)  # a tenth of the time of the search
    may_be_escaped = any(start in content for start in _ESCAPES)
    if (may_act and (found := _ACTS.search(content))) or (may_be_escaped and (found := _ACTS_ESCAPED.search(content))):
        assert found is not None
        raise DamagedError(f"text that would act on a terminal, {found[found.lastindex or 0]!r}")


class _Named(msgspec.Struct):
    schema: str


def _encode(value: Any) -> Any:
    if isinstance(value, ModelPattern):
        return value.to_dict()
    raise NotImplementedError(f"no JSON form for {type(value).__name__}")


def _decode(kind: type[Any], document: Any) -> Any:
    if kind is ModelPattern:
        return shared_pattern(document)  # a PatternError is a ValueError, to which msgspec adds the place
    raise NotImplementedError(f"no type {kind.__name__}")


def _message(error: Exception) -> str:
    """`points[0].spread: Expected ...`: the place first, as in every error of nas."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    match = _PLACE.match(" ".join(str(error).split()))
    assert match is not None, "every text matches"
    place = (match["place"] or "").lstrip(".")
    return f"{place}: {match['what']}" if place else match["what"]
