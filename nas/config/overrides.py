"""Overrides: the words `key=value` of a command line, translated for Hydra."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import product
from math import prod
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, ValueType
from hydra.errors import HydraException

from nas.config.folder import OWN_SPACE, PROXY_TARGET, check_choice, choices
from nas.config.keys import GROUPS, is_text, nearest_key, unknown_key
from nas.config.model_config import names_a_file, read_model_config
from nas.config.settings import RunSettings
from nas.costs.target import TargetOptions
from nas.errors import InputError

MOST_STUDIES = 1000
"""Most studies per call: each takes minutes at least, so more can only be a mistake."""

_KEY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


@dataclass(frozen=True, slots=True)
class Assignment:
    """One `key=value` in Hydra's grammar.

    Args:
        key: dotted.
        values: as text; with more than one, each gets its own study.
    """

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RequestedStudy:
    """One study that a command line requests.

    Args:
        overrides: in Hydra's grammar.
        label: the values that tell it apart from other studies of the same call, valid in a file name.
        modules: every `module:attribute` that is named for its space.
    """

    overrides: tuple[str, ...]
    label: str
    modules: tuple[str, ...]


def expand(words: Sequence[str], *, multirun: bool, config_dir: Path | None = None) -> Iterator[RequestedStudy]:
    """Every requested study.

    Args:
        words: as the user typed them.
        multirun: a key may have several values, `seed=0,1,2`: a study for every combination.
        config_dir: a folder with further choices of the user.

    Raises:
        InputError: a word is not `key=value`, or a choice does not exist.
    """
    assignments = [_parse(word) for word in words]
    for assignment in assignments:
        _check(assignment, multirun)
    if (num_studies := prod(len(assignment.values) for assignment in assignments)) > MOST_STUDIES:
        raise InputError(
            "--multirun", f"must request at most {MOST_STUDIES:,} studies", num_studies, "List fewer values."
        )
    for values in product(*(assignment.values for assignment in assignments)):
        pairs = list(zip(assignments, values, strict=True))
        target_first = sorted(pairs, key=lambda pair: pair[0].key != "target")  # its single keys mend what a file says
        translated = [
            text for assignment, value in target_first for text in _for_hydra(assignment.key, value, config_dir)
        ]
        swept = [_label(assignment.key, value) for assignment, value in pairs if len(assignment.values) > 1]
        modules = [_plain(value) for assignment, value in pairs if assignment.key in ("space", "space.attribute")]
        yield RequestedStudy(tuple(translated), "-".join(swept), tuple(modules))


def _parse(word: str) -> Assignment:
    key, equals, value = word.partition("=")
    if not equals or not _KEY.fullmatch(key):
        raise InputError("override", "must be key=value, without + or ~", word, _remedy(key, value))
    known = [field.name for field in fields(RunSettings)]
    if key.partition(".")[0] not in known:
        raise unknown_key("", key, known)
    return Assignment(key, _values(key, value))


def _remedy(key: str, value: str) -> str:
    """For a word that is not `key=value`: the nearest key, or the group that the word is a choice of."""
    if near := nearest_key(key.lstrip("+~"), GROUPS):
        return f"Write {near}={value or 'VALUE'}."
    group = next((group for group in GROUPS if key in choices(group)), None)
    return f"Write {group}={key}." if group else "See nas search --help."


def _values(key: str, text: str) -> tuple[str, ...]:
    """The value in Hydra's grammar; quoted as plain text if that grammar cannot parse it."""
    try:
        parsed = OverridesParser.create().parse_override(f"{key}={text}")
    except HydraException:
        return (quoted(text),)
    except (ValueError, RecursionError):  # thousands of digits, or of brackets
        raise InputError(key, "must be a value that can be parsed", text, "Write fewer digits or brackets.") from None
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
    """`++` sets a key whether or not a file mentions it; unknown keys are refused later, by name."""
    name = _plain(value)
    if key == "space" and ":" in name and not name.startswith("{"):
        return [f"space={OWN_SPACE}", f"++space.attribute={quoted(name)}"]
    if key not in GROUPS:
        return [f"++{key}={value}"]
    if key == "target" and name == "null":
        name = PROXY_TARGET
    if key == "target" and names_a_file(name):
        path = str(OverridesParser.create().parse_override(f"{key}={value}").value())  # without quotes and escapes
        return [f"target={PROXY_TARGET}", *_target_keys(Path(path))]
    check_choice(key, name, config_dir)
    return [f"{key}={name}"]


def _target_keys(file: Path) -> list[str]:
    """The sizes that a model's config.json gives; how its attention runs, it does not say."""
    options = {field.name for field in fields(TargetOptions)}
    sizes = {key: value for key, value in asdict(read_model_config(file)).items() if key not in options}
    return [
        f"++target.{key}={quoted(value) if isinstance(value, str) else json.dumps(value)}"
        for key, value in sizes.items()
    ]


def _plain(value: str) -> str:
    """The value without quotes; Hydra escapes the colons of the values that it lists for a sweep."""
    return value.strip("'\"").replace("\\:", ":")


def _label(key: str, value: str) -> str:
    return re.sub(r"[^A-Za-z0-9._]+", "-", f"{key.rpartition('.')[2]}-{value}").strip("-")


def quoted(text: str) -> str:
    r"""The text in quotes, unchanged; Hydra reads backslashes literally unless they precede a quote."""
    escaped = re.sub(r"(\\*)'", lambda match: match[1] * 2 + r"\'", text)
    trailing = len(escaped) - len(escaped.rstrip("\\"))
    return f"'{escaped}{chr(92) * trailing}'"
