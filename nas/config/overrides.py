"""The words of a command line, `key=value` each, made fit for Hydra."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import product
from math import prod
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, ValueType
from hydra.errors import HydraException

from nas.config.folder import OWN_SPACE, PROXY_TARGET, check_choice
from nas.config.keys import GROUPS, is_text, nearest_key, unknown_key
from nas.config.settings import RunSettings
from nas.errors import InputError

MOST_STUDIES = 1000
"""Studies of one call: each takes minutes at least, so more can only be a slip."""

_KEY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


@dataclass(frozen=True, slots=True)
class Assignment:
    """One `key=value` in Hydra's grammar.

    Args:
        key: dotted.
        values: as texts; more than one where the user asked for a study each.
    """

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One study that a command line asks for.

    Args:
        overrides: in Hydra's grammar.
        label: the values that it has and other studies of the same call have not, fit for a file name.
    """

    overrides: tuple[str, ...]
    label: str


def expand(words: Sequence[str], *, multirun: bool, config_dir: Path | None = None) -> Iterator[Asked]:
    """Every study that is asked for.

    Args:
        words: as the user wrote them.
        multirun: a key may have several values, `seed=0,1,2`: a study for every combination.
        config_dir: a folder of the user's with further choices.

    Raises:
        InputError: a word that is no `key=value`, or a choice that does not exist.
    """
    assignments = [_parse(word) for word in words]
    for assignment in assignments:
        _check(assignment, multirun)
    if (num_studies := prod(len(assignment.values) for assignment in assignments)) > MOST_STUDIES:
        raise InputError(
            "--multirun", f"must ask for at most {MOST_STUDIES:,} studies", num_studies, "List fewer values."
        )
    for values in product(*(assignment.values for assignment in assignments)):
        pairs = list(zip(assignments, values, strict=True))
        told = [text for assignment, value in pairs for text in _for_hydra(assignment.key, value, config_dir)]
        swept = [_label(assignment.key, value) for assignment, value in pairs if len(assignment.values) > 1]
        yield Asked(tuple(told), "-".join(swept))


def _parse(word: str) -> Assignment:
    key, equals, value = word.partition("=")
    if not equals or not _KEY.fullmatch(key):
        near = nearest_key(key.lstrip("+~"), GROUPS)
        remedy = f"Write {near}={value or 'VALUE'}." if near else "See nas search --help."
        raise InputError("override", "must be key=value, without + or ~", word, remedy)
    known = [field.name for field in fields(RunSettings)]
    if key.partition(".")[0] not in known:
        raise unknown_key("", key, known)
    return Assignment(key, _values(key, value))


def _values(key: str, text: str) -> tuple[str, ...]:
    """The value in Hydra's grammar, taken as it stands where that grammar cannot read it."""
    try:
        parsed = OverridesParser.create().parse_override(f"{key}={text}")
    except HydraException:
        return (quoted(text),)
    except (ValueError, RecursionError):  # thousands of digits, or of brackets
        raise InputError(key, "must be a value that can be read", text, "Write fewer digits or brackets.") from None
    if parsed.is_sweep_override():
        return _swept(key, parsed)
    number = isinstance(parsed.value(), bool | int | float)
    return (quoted(text.strip()) if number and is_text(key) else text,)


def _swept(key: str, parsed: Override) -> tuple[str, ...]:
    if parsed.value_type not in (ValueType.CHOICE_SWEEP, ValueType.SIMPLE_CHOICE_SWEEP, ValueType.RANGE_SWEEP):
        raise InputError(key, "must list its values", parsed.get_value_string(), f"Write {key}=A,B,C.")
    return tuple(parsed.sweep_string_iterator())


def _check(assignment: Assignment, multirun: bool) -> None:
    if len(assignment.values) > 1 and not multirun:
        key, shown = assignment.key, ",".join(assignment.values)
        remedy = f"Write a list as {key}=[{shown}], or add -m to run a study for each."
        raise InputError(key, "must have one value", shown, remedy)


def _for_hydra(key: str, value: str, config_dir: Path | None) -> list[str]:
    """`++` sets a key whether or not a file mentions it; unknown ones are refused afterwards, by name."""
    name = value.strip("'\"")
    if key == "space" and ":" in name and not name.startswith("{"):
        return [f"space={OWN_SPACE}", f"++space.attribute={quoted(name)}"]
    if key not in GROUPS:
        return [f"++{key}={value}"]
    if key == "target" and name == "null":
        name = PROXY_TARGET
    check_choice(key, name, config_dir)
    return [f"{key}={name}"]


def _label(key: str, value: str) -> str:
    return re.sub(r"[^A-Za-z0-9._]+", "-", f"{key.rpartition('.')[2]}-{value}").strip("-")


def quoted(text: str) -> str:
    r"""The text as it stands, in quotes; Hydra reads backslashes as such unless they stand before a quote."""
    escaped = re.sub(r"(\\*)'", lambda match: match[1] * 2 + r"\'", text)
    trailing = len(escaped) - len(escaped.rstrip("\\"))
    return f"'{escaped}{chr(92) * trailing}'"
