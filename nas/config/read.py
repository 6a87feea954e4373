"""Reading: plain data to typed settings; every wrong key or value is named."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from nas.config.keys import GROUPS, dataclasses_in, unknown_key
from nas.errors import InputError, unknown
from nas.search.problem.study_tasks import as_extra_task
from nas.space.option_types import describe, fits

T = TypeVar("T")


def read_settings(kind: type[T], document: Any, where: str = "") -> T:
    """An instance of a settings class from plain data.

    Args:
        kind: a dataclass; fields may be dataclasses too, or unions of dataclasses with different `name`s.
        document: a mapping, as parsed from YAML; omitted keys take their defaults.
        where: the dotted place of the mapping; empty at the top.

    Raises:
        InputError: a key is unknown or missing, or a value has the wrong type or is out of range.
    """
    if not isinstance(document, Mapping):
        raise InputError(where or "configuration", "must be a mapping of keys to values", document)
    hints, known = get_type_hints(kind), {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for key in document:
        if key not in known:
            raise unknown_key(where, str(key), known)
    for name, field in known.items():
        if name not in document and field.default is MISSING and field.default_factory is MISSING:
            remedy = f"Choose a set of settings first: {where}=NAME." if where in GROUPS else ""
            raise InputError(where or "configuration", f"must have the key {name!r}", sorted(document), remedy)
    return kind(**{key: _read_value(hints[key], value, _join(where, key)) for key, value in document.items()})


def _read_value(hint: Any, value: Any, where: str) -> Any:
    if get_origin(hint) is list and (kinds := dataclasses_in(get_args(hint)[0])):
        if not isinstance(value, list):
            raise InputError(where, "must be a list of names, or of mappings with a name", value)
        return [_read_entry(kinds, entry, f"{where}[{index}]") for index, entry in enumerate(value)]
    kinds = dataclasses_in(hint)
    if kinds and not (value is None and NoneType in get_args(hint)):
        return read_settings(_named(kinds, value, where), value, where)
    if not kinds and not fits(value, hint):
        remedy = f"Write {where}=[A,B,C]." if get_origin(hint) is list else ""
        raise InputError(where, f"must be {describe(hint)}", value, remedy)
    return float(value) if hint in (float, float | None) and value is not None else value


def _read_entry(kinds: list[type[Any]], entry: Any, where: str) -> Any:
    """One entry of a list of settings; a plain name means its defaults."""
    document = {"name": entry} if isinstance(entry, str) else entry
    if not isinstance(document, Mapping):
        raise InputError(where, "must be a name, or a mapping with a name", entry)
    try:
        return read_settings(_named(kinds, document, where), document, where)
    except InputError as error:
        raise as_extra_task(error, where) from None


def _named(kinds: list[type[Any]], value: Any, where: str) -> type[Any]:
    """The class whose default name is the name in the value; without a name, the class that has none."""
    if len(kinds) == 1 or not isinstance(value, Mapping):
        return kinds[0]
    names = {kind: next((field.default for field in fields(kind) if field.name == "name"), None) for kind in kinds}
    if None in names.values():  # such as the proxy as a target, whose name and sizes are its own
        return next(kind for kind, default in names.items() if (default is None) == ("name" not in value))
    by_name = {default: kind for kind, default in names.items()}
    name = value.get("name")
    if not isinstance(name, str) or name not in by_name:
        raise unknown(f"{where}.name", str(name), map(str, by_name))
    return by_name[name]


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else str(key)
