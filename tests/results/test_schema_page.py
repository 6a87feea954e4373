"""docs/schemas.md shows docs/schema; `python tests/results/test_schema_page.py` writes it again."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from textwrap import fill
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "schemas.md"

WHERE = {
    "pattern": "`pattern.json` of a trial and of an export, and every pattern that you write ([patterns](patterns.md))",
    "front": "`front.json` of a study ([studies](studies.md))",
    "trial": "`trials/00012/trial.json` of a study",
    "measurement": "`trials/00012/seed-0-text-0000480.json` of a study: one training run at one rung",
    "progress": "`progress.json` of a study: how far it is, while it runs",
    "survey": "`survey.json` of a study in a checkpoint: what narrow masks do to it ([checkpoints](checkpoints.md))",
    "decision": "a line of `decisions.jsonl` of a study, by which it resumes without deciding again",
    "within": "what `nas front --json` prints ([checkpoints](checkpoints.md))",
    "identity": "`identity.json` of a study: its id in databases, and its objectives",
    "provenance": "`provenance.json` of an export ([export](export.md))",
    "bundle": "`bundle.json` of an export",
    "verification": "`verification.json` of an export",
    "table_header": "the first line of a table ([tables](tables.md))",
    "table_session": "a line of a table for each session that built it",
    "table_row": "a line of a table for each training run",
}
"""Every schema in the order of the page, and the file that it is of."""

INTRODUCTION = """# Schemas of files

What each file that `nas` writes may hold, made from the JSON Schemas in `docs/schema`, which are
made from the types that the code itself reads and writes. Any validator of JSON Schema 2020-12
reads them. A key that is not listed is refused, and one that has a default may be left out.
"""


def page() -> str:
    parts: dict[str, dict[str, Any]] = {}
    files = [_file(name, parts) for name in WHERE]
    shared = [f"### {name}\n\n{_part(definition)}" for name, definition in sorted(parts.items())]
    return "\n".join([INTRODUCTION, *files, "## Parts\n", *shared])


def _file(name: str, parts: dict[str, dict[str, Any]]) -> str:
    """A section of the page; what its values are made of goes into `parts`."""
    document = json.loads((DOCS / "schema" / f"{name}.schema.json").read_text(encoding="utf-8"))
    definitions = document.get("$defs", {})
    assert all(parts.get(part, one) == one for part, one in definitions.items()), "two parts of one name"
    whole = definitions.pop(document["$ref"].rpartition("/")[2]) if "$ref" in document else document
    parts.update(definitions)
    where = fill(f"Of {WHERE[name]}.", 100, break_long_words=False, break_on_hyphens=False)
    return f"## {name}.schema.json\n\n{where}\n\n{_part(whole)}"


def _part(definition: Mapping[str, Any]) -> str:
    said = f"{definition['description']}\n\n" if "description" in definition else ""
    if "properties" not in definition:
        return f"{_wrapped(said)}{_wrapped(f'One of {_kind(definition)}.')}\n"
    required = definition.get("required", ())
    rows = [_row(name, one, name in required) for name, one in definition["properties"].items()]
    return f"{_wrapped(said)}| key | type | default | meaning |\n|---|---|---|---|\n{''.join(rows)}"


def _row(name: str, schema: Mapping[str, Any], required: bool) -> str:
    default = "required" if required else f"`{json.dumps(schema['default'])}`" if "default" in schema else ""
    return f"| `{name}` | {_kind(schema)} | {default} | {_cell(schema.get('description', ''))} |\n"


def _kind(schema: Mapping[str, Any]) -> str:
    """The type of a value, in words; parts are links."""
    if "$ref" in schema:
        return _reference(schema["$ref"])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(_kind, schema["anyOf"])))
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{json.dumps(one)}`" for one in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_items(schema)}"
    if schema.get("type") == "object" and "additionalProperties" in schema and "properties" not in schema:
        return f"mapping to {_kind(schema['additionalProperties'])}"
    return {"object": "mapping", "string": "text", "boolean": "true or false", None: "anything"}.get(
        schema.get("type"), str(schema.get("type"))
    )


def _items(schema: Mapping[str, Any]) -> str:
    if "prefixItems" in schema:
        return f"({', '.join(map(_kind, schema['prefixItems']))})"
    return _kind(schema["items"]) if schema.get("items") else "anything"


def _reference(target: str) -> str:
    name = target.rpartition("/")[2]
    return "[pattern](patterns.md)" if name.endswith(".json") else f"[{name}](#{name.lower()})"


def _cell(text: str) -> str:
    """Names of pages become links, and None is what a file has in its place."""
    text = re.sub(r"\bNone\b", "null", text.replace("|", "\\|"))
    return re.sub(r"docs/(\w+)\.md", r"[\1](\1.md)", text)


def _wrapped(text: str) -> str:
    return "\n".join(
        fill(_cell(part), 100, break_long_words=False, break_on_hyphens=False) for part in text.split("\n")
    )


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/results/test_schema_page.py"


def test_every_schema_is_shown() -> None:
    assert {path.name.removesuffix(".schema.json") for path in (DOCS / "schema").glob("*.json")} == set(WHERE)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
