"""docs/settings.md lists every setting; `python tests/config/test_settings_documentation.py` writes it again."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, asdict, fields
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from nas.cli.search_help import _GROUP_NOTES, _note
from nas.config.folder import choices
from nas.config.keys import FREE, GROUPS, Key, _keys_of, all_keys, dataclasses_in
from nas.config.load import load_settings
from nas.config.settings import RunSettings
from nas.costs.target import Target
from nas.evaluation.settings import CheckpointSettings, ScratchSettings
from nas.search.executor_settings import LocalSettings, RaySettings
from nas.tasks.catalog import TASKS

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"

INTRODUCTION = """# Settings

Every key of `nas search` with its default and its meaning, made from the code. `nas search --help`
prints the same descriptions, and `nas search --cfg job` the values that a command would use. A key
is set on the command line (`training.num_steps=1920`), in a YAML file of a folder that
`--config-dir` names, or as the field of the same name in Python
(`nas.TrainingSettings(num_steps=1920)`).

The defaults are those of `nas search` as it stands, and so of `preset=quick`; what another preset
sets is at the end. In Python the defaults are those of the classes, without a preset. `null` is
Python's `None`, and a list is written `[a,b]`.
"""
NOT_SET = ("preset", "task.name", "evaluation.name", "executor.name")
"""Names of sets of settings, which a file sets."""

GROUPED = {
    "task": {f"task={name}": kind for name, kind in TASKS.items()},
    "evaluation": {"evaluation=scratch": ScratchSettings, "evaluation=checkpoint": CheckpointSettings},
    "executor": {"executor=local": LocalSettings, "executor=ray": RaySettings},
}
"""Sections of which a study has one, by the group that chooses it."""


def page() -> str:
    parts, hints = [INTRODUCTION, _groups(), _section("The study", RunSettings, "")], get_type_hints(RunSettings)
    for field in fields(RunSettings):
        if field.name in GROUPED:
            parts.append(f"## {field.name}\n\nEach `{field.name}=NAME` has keys of its own.\n")
            parts += [_section(title, kind, f"{field.name}.", "###") for title, kind in GROUPED[field.name].items()]
        elif kinds := dataclasses_in(hints[field.name]):
            parts.append(_section(field.name, Target if Target in kinds else kinds[0], f"{field.name}."))
    return "\n".join([*parts, _presets()])


def _groups() -> str:
    rows = [(f"`{name}=`", ", ".join(f"`{one}`" for one in choices(name)), _GROUP_NOTES[name]) for name in GROUPS]
    return "## Sets of settings\n\n" + _table(("key", "one of", "what it sets"), rows)


def _section(title: str, kind: type[Any], prefix: str, heading: str = "##") -> str:
    keys = [key for key in _keys_of(kind, prefix) if "." not in key.name.removeprefix(prefix)]
    rows = [_row(kind, key) for key in keys if key.name not in NOT_SET]
    table = _table(("key", "type", "default", "meaning"), rows) if rows else "It has no keys.\n"
    return f"{heading} {title}\n\n{table}"


def _row(kind: type[Any], key: Key) -> tuple[str, ...]:
    name = f"{key.name}.KEY" if key.name == FREE else key.name
    default = "" if key.name == FREE else _default(kind, key.name)
    return (f"`{name}`", _type(key.hint), default, _note(key))


def _default(kind: type[Any], name: str) -> str:
    """The composed one where `nas search` has such a part, otherwise that of the class."""
    part: Any = _settings()
    *above, last = name.split(".")
    for word in above:
        part = getattr(part, word)
    if isinstance(part, kind):
        return _value(getattr(part, last))
    field = next(field for field in fields(kind) if field.name == last)
    if field.default is not MISSING:
        return _value(field.default)
    return "required" if field.default_factory is MISSING else _value(field.default_factory())


@cache
def _settings() -> RunSettings:
    (settings,) = load_settings([])
    return settings


def _presets() -> str:
    names = choices("preset")
    values = {name: dict(_flat(asdict(load_settings([f"preset={name}"])[0]))) for name in names}
    keys = [key for key in all_keys() if key not in NOT_SET]
    differing = [key for key in keys if len({str(values[name].get(key)) for name in names}) > 1]
    rows = [(f"`{key}`", *(_value(values[name][key]) for name in names)) for key in differing]
    return "## What presets set\n\n" + _table(("key", *(f"`{name}`" for name in names)), rows)


def _flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        yield f"{prefix}{name}", value
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")


def _value(value: Any) -> str:
    words = {None: "null", True: "true", False: "false"}
    if isinstance(value, list | tuple):
        return f"`[{', '.join(map(_plain, value))}]`"
    return f"`{words[value]}`" if value is None or isinstance(value, bool) else f"`{_plain(value)}`"


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _type(hint: Any) -> str:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        between = ", or " if any(get_origin(one) is list for one in inner) else " or "
        return between.join(map(_type, inner))
    if origin is Literal:
        return ", ".join(f"`{word}`" for word in inner)
    if origin is list:
        return f"list of {_several(inner[0])}"
    return {int: "integer", float: "number", str: "text", bool: "true or false", NoneType: "null"}.get(hint, "mapping")


def _several(hint: Any) -> str:
    if dataclasses_in(hint):
        return "tasks"
    return " or ".join(f"{_type(one)}s" for one in get_args(hint) or [hint])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(map(_cell, line))} |\n" for line in (head, *rows)]
    return "".join([lines[0], f"|{'---|' * len(head)}\n", *lines[1:]])


def _cell(text: str) -> str:
    """Names of pages become links."""
    return re.sub(r"docs/(\w+)\.md", r"[\1](\1.md)", text.replace("|", "\\|"))


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/config/test_settings_documentation.py"


def test_every_key_is_listed() -> None:
    listed = set(re.findall(r"^\| `([\w.]+?)(?:\.KEY)?` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert set(all_keys()) - set(NOT_SET) <= listed


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
