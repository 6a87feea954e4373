"""The JSON Schemas of docs/schema are those of the types; `python tests/results/test_schemas.py` writes them again."""

import inspect
import json
import re
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from nas.patterns.file import MadeFor
from nas.patterns.model import POSITIONS, SCHEMA, ModelPattern
from nas.patterns.primitives import PRIMITIVES, Primitive
from nas.patterns.primitives.scale import RULES, CarryRules
from nas.results.bundle import Bundle, Verification
from nas.results.decision import Decision
from nas.results.front import Front
from nas.results.identity import StudyIdentity
from nas.results.measurement import Measurement
from nas.results.progress import StudyProgress
from nas.results.provenance import Provenance
from nas.results.survey import Survey
from nas.results.table import SessionLine, TableHeader, TableRow
from nas.results.trial import Trial
from nas.results.within import Within

FOLDER = Path(__file__).parents[2] / "docs" / "schema"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
TYPES: dict[str, Any] = {
    "front": Front,
    "trial": Trial,
    "measurement": Measurement,
    "decision": Decision,
    "provenance": Provenance,
    "bundle": Bundle,
    "verification": Verification,
    "progress": StudyProgress,
    "survey": Survey,
    "within": Within,
    "identity": StudyIdentity,
    "table_header": TableHeader,
    "table_session": SessionLine,
    "table_row": TableRow,
}
LARGEST = 2**31 - 1


def documents() -> dict[str, dict[str, Any]]:
    """Every schema by the name of its file."""
    made = {name: _schema(kind) for name, kind in TYPES.items()}
    return {f"{name}.schema.json": {"$schema": DIALECT, **one} for name, one in {"pattern": _pattern(), **made}.items()}


def _schema(kind: Any) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.json.schema(kind, schema_hook=lambda _: {"$ref": "pattern.schema.json"})
    by_name = {one.__name__: one for one in (*_subclasses(msgspec.Struct), CarryRules)}
    for name, definition in document.get("$defs", {}).items():
        if "properties" in definition:
            _describe(definition, by_name[name])
        elif name in by_name or "description" in definition:
            definition["description"] = _first_line(definition["description"])
    return document


def _subclasses(kind: type[Any]) -> list[type[Any]]:
    return [kind, *(one for below in kind.__subclasses__() for one in _subclasses(below))]


def _describe(definition: dict[str, Any], kind: type[Any]) -> None:
    """The first sentence of the docstring, and the texts of its `Args:` for every key."""
    definition["description"] = _first_line(inspect.getdoc(kind) or "")
    texts = {key: text for base in reversed(kind.__mro__) for key, text in _arguments(base).items()}
    if "schema" in definition["properties"]:  # a default for those who construct it; a file must name it
        definition["required"] = ["schema", *definition.get("required", ())]
    renamed = zip(*(getattr(kind, f"__struct_{what}__", ()) for what in ("encode_fields", "fields")), strict=True)
    names = dict(renamed)
    for key, schema in definition["properties"].items():
        if text := texts.get(names.get(key, key)):
            schema["description"] = text


def _first_line(text: str) -> str:
    return " ".join(text.split("\n\n")[0].split())


def _arguments(kind: type[Any]) -> dict[str, str]:
    _, _, rest = (inspect.getdoc(kind) or "").partition("Args:\n")
    found = re.finditer(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", rest.split("\n\n")[0], re.MULTILINE)
    return {match[1]: " ".join(match[2].split()) for match in found}


def _pattern() -> dict[str, Any]:
    """The pattern file; `nas.patterns.file` checks more, such as that heads add up."""
    heads = {
        "type": "object",
        "properties": {
            "count": {"type": "integer", "minimum": 1, "description": "heads that attend alike"},
            "attend": {"type": "array", "minItems": 1, "items": {"oneOf": [_kind(one) for one in PRIMITIVES.values()]}},
        },
        "required": ["count", "attend"],
        "additionalProperties": False,
    }
    layer = {
        "type": "object",
        "properties": {
            "memory_tokens": {"type": "integer", "minimum": 0, "description": "tokens of the previous segment"},
            "heads": {"type": "array", "minItems": 1, "items": heads},
        },
        "required": ["heads"],
        "additionalProperties": False,
    }
    side = {"type": "integer", "minimum": 1}
    rules = {kind: {"enum": list(allowed)} for kind, allowed in RULES.items()}
    carry = {"type": "object", "properties": rules, "additionalProperties": False}
    made_for = {
        "type": "object",
        "properties": {
            "num_tokens": side,
            "carried_from": {"anyOf": [{"type": "null"}, side]},
            "carry": {"anyOf": [{"type": "null"}, carry]},
        },
        "required": ["num_tokens"],
        "additionalProperties": False,
    }
    return {
        "title": "Pattern",
        "description": f"{_first_line(inspect.getdoc(ModelPattern) or '')} See docs/patterns.md.",
        "type": "object",
        "properties": {
            "schema": {"const": SCHEMA},
            "causal": {"type": "boolean"},
            "position": {"enum": list(POSITIONS), "default": "rope"},
            "grid": {"anyOf": [{"type": "null"}, {"type": "array", "items": side, "minItems": 2, "maxItems": 2}]},
            "made_for": {
                "anyOf": [{"type": "null"}, made_for],
                "description": f"{_first_line(inspect.getdoc(MadeFor) or '')}",
            },
            "layers": {"type": "array", "minItems": 1, "items": layer},
        },
        "required": ["schema", "causal", "layers"],
        "additionalProperties": False,
    }


def _kind(primitive: type[Primitive]) -> dict[str, Any]:
    hints, texts = get_type_hints(primitive), _arguments(primitive)
    properties: dict[str, Any] = {"kind": {"const": primitive.kind}}
    required = ["kind"]
    for field in fields(primitive):
        words = get_args(hints[field.name])
        schema: dict[str, Any] = {"enum": list(words)} if words else {"type": "integer", "maximum": LARGEST}
        if hints[field.name] is str:
            schema = {"type": "string"}
        if field.default is MISSING:
            required.append(field.name)
        else:
            schema["default"] = field.default
        if field.name in texts:
            schema["description"] = texts[field.name]
        properties[field.name] = schema
    return {
        "title": primitive.kind,
        "description": _first_line(inspect.getdoc(primitive) or ""),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


@pytest.mark.parametrize("name", sorted(documents()))
def test_the_schema_is_current(name: str) -> None:
    remedy = "Run python tests/results/test_schemas.py."
    kept = json.loads((FOLDER / name).read_text())
    assert json.dumps(kept, indent=1, sort_keys=True) == json.dumps(documents()[name], indent=1, sort_keys=True), remedy


def test_no_schema_is_left_over() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == set(documents())


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, document in documents().items():
        (FOLDER / file).write_text(json.dumps(document, indent=2) + "\n")
