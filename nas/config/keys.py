"""Keys: every setting by its dotted name, with its type and its description."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from nas.config.settings import RunSettings
from nas.errors import InputError, unknown

GROUPS = ("preset", "space", "task", "target", "tracking", "fidelity", "evaluation", "executor")
"""Keys whose value is the name of a YAML file: a set of settings."""

WHOLE_GROUPS = ("preset", "space", "task", "target", "tracking", "evaluation", "executor")
"""Groups whose files hold all of their settings; in the others, omitted settings keep their defaults."""

FREE = "space.options"
"""The one key whose inner keys are unknown here: each space has its own."""


@dataclass(frozen=True, slots=True)
class Key:
    """One setting.

    Args:
        name: dotted, as on the command line.
        hint: its type.
        description: from the docstring of its class, in one line.
    """

    name: str
    hint: Any
    description: str


@cache
def all_keys() -> dict[str, Key]:
    """Every single setting by its name, in the order of the classes."""
    found: dict[str, Key] = {}
    for key in _keys_of(RunSettings, ""):
        found.setdefault(key.name, key)
    return found


def dataclasses_in(hint: Any) -> list[type[Any]]:
    """The dataclasses that a type allows: itself, or the members of a union."""
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else [hint]
    return [part for part in parts if isinstance(part, type) and is_dataclass(part)]


def is_text(name: str) -> bool:
    """Whether the key takes text (or null), so that `study=007` keeps its zeros."""
    key = all_keys().get(name)
    return key is not None and key.hint in (str, str | None)


def unknown_key(where: str, key: str, siblings: Iterable[str]) -> InputError:
    """The error for a key that is not one of `siblings`, with the nearest of all real keys.

    Args:
        where: dotted place of the mapping that contains it; empty at the top.
        key: the last part of its name.
        siblings: the keys allowed there.
    """
    name = f"{where}.{key}" if where else key
    if where.endswith("]"):
        return unknown(name, key, siblings, "key")
    near = f"{FREE}.{key}" if where == "space" else nearest_key(name)
    remedy = f"Did you mean {near!r}?" if near else "See nas search --help."
    if name in all_keys():
        remedy = f"It is a key of another {where}."
    return InputError(name, f"unknown key; allowed here: {', '.join(siblings)}", key, remedy)


def nearest_key(name: str, among: Iterable[str] = ()) -> str | None:
    """The real key that is nearest to a wrong one: by its spelling, or by its last part.

    Args:
        name: dotted.
        among: further keys, such as group names.
    """
    known = [*all_keys(), *among]
    if near := get_close_matches(name, known, n=1, cutoff=0.7):
        return near[0]
    last_parts = {key.rpartition(".")[2]: key for key in reversed(known)}
    near = get_close_matches(name.rpartition(".")[2], last_parts, n=1, cutoff=0.7)
    return last_parts[near[0]] if near else None


def _keys_of(kind: type[Any], prefix: str) -> Iterator[Key]:
    hints, descriptions = get_type_hints(kind), _descriptions(kind)
    for field in fields(kind):
        name = f"{prefix}{field.name}"
        inner = dataclasses_in(hints[field.name])
        if not inner:
            yield Key(name, hints[field.name], descriptions.get(field.name, ""))
        for part in inner:
            yield from _keys_of(part, f"{name}.")


def _descriptions(kind: type[Any]) -> dict[str, str]:
    """The `Args:` in the docstrings of a class and its base classes, by argument."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        _, _, arguments = (base.__doc__ or "").partition("Args:\n")
        arguments = arguments.split("\n\n")[0]
        for match in re.finditer(r"^ {8}(\w+): (.*(?:\n {9,}.*)*)", arguments, re.MULTILINE):
            found[match[1]] = " ".join(match[2].split())
    return found
