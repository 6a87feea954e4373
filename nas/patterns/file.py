"""The pattern file, read strictly: every error names the place in the file."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from nas.errors import PatternError, unknown
from nas.files import TooLongError, read_at_most
from nas.patterns.layer import MOST_HEADS, MOST_SHAPES, HeadGroup
from nas.patterns.model import MOST_LAYERS, SCHEMA, ModelPattern
from nas.patterns.primitives import PRIMITIVES, Primitive
from nas.patterns.primitives.scale import RULES, CarryRules
from nas.ranges import MOST_TOKENS

MOST_BYTES = 2**24
"""Largest pattern file, in bytes: twice that of 126 layers with 128 heads, each a different union of three."""

_IN_USE: WeakValueDictionary[bytes, ModelPattern] = WeakValueDictionary()
"""Patterns by the hash of the document that they were made of."""

MOST_SIDE = 2**12
"""Most rows and most columns of a grid: together they hold the longest sequence that is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeFor:
    """What a pattern file says of the sizes in it; nothing of it is part of the pattern.

    Args:
        num_tokens: the sequence length that they were chosen for, in tokens.
        carried_from: the length that they were carried from, in tokens; None if they were not.
        carry: the rules by which they were; None with `carried_from`.
    """

    num_tokens: int
    carried_from: int | None = None
    carry: CarryRules | None = None


def pattern_document(pattern: ModelPattern, made_for: MadeFor | None = None) -> dict[str, Any]:
    """A pattern as schema nas.pattern/1 writes it, with the length that it was made for, ready for JSON.

    Args:
        pattern: any pattern.
        made_for: None if that is unknown.
    """
    document = pattern.to_dict()
    if made_for is None:
        return document
    layers = document.pop("layers")
    return document | {"made_for": asdict(made_for), "layers": layers}


def load_made_for(source: str | Path | Mapping[str, Any]) -> MadeFor | None:
    """The length that a pattern file was made for; None if it does not say; raises as `load_pattern` does."""
    document = source if isinstance(source, Mapping) else _read(source)
    try:
        parse_pattern(document)
        return _parse_made_for(document.get("made_for"))
    except PatternError as error:
        raise _in_file(error, source) from None


def load_pattern(source: str | Path | Mapping[str, Any]) -> ModelPattern:
    """Load a pattern from a file or from a parsed document.

    Args:
        source: path of a JSON file with schema nas.pattern/1, or its content as a mapping.

    Raises:
        PatternError: the file is missing or is not JSON, or the pattern breaks the contract of docs/patterns.md; the
            message names the place, what is allowed there, and what was found.
    """
    document = source if isinstance(source, Mapping) else _read(source)
    try:
        return parse_pattern(document) if isinstance(source, Mapping) else shared_pattern(document)
    except PatternError as error:
        raise _in_file(error, source) from None


def _in_file(error: PatternError, source: str | Path | Mapping[str, Any]) -> PatternError:
    """The error with the file that it is in, if the document came from one."""
    if isinstance(source, Mapping):
        return error
    return PatternError(**_fields_of(error) | {"where": f"{source}: {error.where}"})


def _read(source: str | Path) -> Any:
    if not isinstance(source, str | Path):
        raise PatternError("pattern", "must be the path of a file, or a mapping", source)
    try:
        return json.loads(read_at_most(Path(source), MOST_BYTES).decode())
    except OSError as error:
        raise PatternError(str(source), "must be a readable pattern file", error.strerror) from None
    except TooLongError as error:
        allowed = f"must be a pattern file of at most {MOST_BYTES:,} bytes"
        raise PatternError(str(source), allowed, error.size) from None
    except (ValueError, RecursionError) as error:
        raise PatternError(str(source), "must hold JSON", str(error)) from None


def shared_pattern(document: Any) -> ModelPattern:
    """A pattern from what JSON holds: the very one that the same document gave before, if it is still in use.

    A study keeps a pattern in several files, and ids, hashes and other forms are kept with the pattern.
    """
    try:
        content = json.dumps(document, sort_keys=True).encode()
    except RecursionError:
        return parse_pattern(document)
    name = blake2b(content, digest_size=16).digest()
    pattern = _IN_USE.get(name)
    if pattern is None:
        pattern = _IN_USE[name] = parse_pattern(document)
    return pattern


def parse_pattern(document: Any) -> ModelPattern:
    """A pattern from a parsed document; see `load_pattern`."""
    _check_keys(document, "", required=("schema", "causal", "layers"), optional=("position", "grid", "made_for"))
    if document["schema"] != SCHEMA:
        raise PatternError("schema", f"must be {SCHEMA!r}", document["schema"])
    if not isinstance(document["causal"], bool):
        raise PatternError("causal", "must be true or false", document["causal"])
    _parse_made_for(document.get("made_for"))
    layers = _list(document["layers"], "layers", MOST_LAYERS)
    for index, layer in enumerate(layers):
        _check_keys(layer, f"layers[{index}]", required=("heads",), optional=("memory_tokens",))
    return ModelPattern.of(
        [_parse_heads(layer["heads"], f"layers[{index}].heads") for index, layer in enumerate(layers)],
        causal=document["causal"],
        grid=_parse_grid(document.get("grid")),
        position=document.get("position", "rope"),
        memory_tokens=[layer.get("memory_tokens", 0) for layer in layers],
    )


def _parse_heads(heads: Any, where: str) -> tuple[HeadGroup, ...]:
    return tuple(
        _parse_group(group, f"{where}[{index}]") for index, group in enumerate(_list(heads, where, MOST_HEADS))
    )


def _parse_group(group: Any, where: str) -> HeadGroup:
    _check_keys(group, where, required=("count", "attend"), optional=())
    attend = tuple(
        _parse_primitive(primitive, f"{where}.attend[{index}]")
        for index, primitive in enumerate(_list(group["attend"], f"{where}.attend", MOST_SHAPES))
    )
    try:
        return HeadGroup(group["count"], attend)
    except PatternError as error:
        raise error.inside(where) from None


def _parse_primitive(primitive: Any, where: str) -> Primitive:
    if not isinstance(primitive, Mapping) or "kind" not in primitive:
        raise PatternError(where, "must be an object with a kind", primitive)
    kind = primitive["kind"]
    if not isinstance(kind, str) or kind not in PRIMITIVES:
        raise PatternError(**_fields_of(unknown(f"{where}.kind", str(kind), PRIMITIVES, "kind")))
    required, optional = _parameters(PRIMITIVES[kind])
    _check_keys(primitive, where, required=("kind", *required), optional=optional)
    try:
        return PRIMITIVES[kind](**{name: value for name, value in primitive.items() if name != "kind"})
    except PatternError as error:
        raise error.inside(where) from None


@cache
def _parameters(kind: type[Primitive]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of those that a file must give, and of those that it may."""
    every = fields(kind)
    required = tuple(field.name for field in every if field.default is MISSING)
    return required, tuple(field.name for field in every if field.default is not MISSING)


def _parse_grid(grid: Any) -> tuple[int, int] | None:
    if grid is None:
        return None
    pair = isinstance(grid, list) and len(grid) == 2
    if not (pair and all(type(side) is int and 1 <= side <= MOST_SIDE for side in grid)):
        raise PatternError("grid", f"must be null or [rows, columns], each from 1 to {MOST_SIDE}", grid)
    return grid[0], grid[1]


def _parse_made_for(made_for: Any) -> MadeFor | None:
    if made_for is None:
        return None
    _check_keys(made_for, "made_for", required=("num_tokens",), optional=("carried_from", "carry"))
    num_tokens, carried_from, rules = (made_for.get(key) for key in ("num_tokens", "carried_from", "carry"))
    if (rules is None) != (carried_from is None):
        raise PatternError("made_for.carry", "must go with made_for.carried_from", rules)
    _check_length(num_tokens, "made_for.num_tokens")
    if rules is None:
        return MadeFor(num_tokens=num_tokens)
    _check_length(carried_from, "made_for.carried_from")
    _check_keys(rules, "made_for.carry", required=(), optional=tuple(RULES))
    for kind, rule in rules.items():
        if rule not in RULES[kind]:
            raise PatternError(f"made_for.carry.{kind}", f"must be one of {', '.join(RULES[kind])}", rule)
    return MadeFor(num_tokens=num_tokens, carried_from=carried_from, carry=CarryRules(**rules))


def _check_length(length: Any, where: str) -> None:
    if type(length) is not int or not 1 <= length <= MOST_TOKENS:
        raise PatternError(where, f"must be a whole number from 1 to {MOST_TOKENS}", length)


def _list(value: Any, where: str, most: int) -> list[Any]:
    if not isinstance(value, list):
        raise PatternError(where, "must be a list", value)
    if len(value) > most:
        raise PatternError(where, f"must hold at most {most} entries", len(value))
    return value


def _check_keys(value: Any, where: str, *, required: tuple[str, ...], optional: tuple[str, ...]) -> None:
    if not isinstance(value, Mapping):
        raise PatternError(where or "pattern", "must be an object", value)
    for key in value:
        if key not in required + optional:
            raise PatternError(
                **_fields_of(unknown(f"{where}.{str(key)[:80]}".lstrip("."), str(key), required + optional, "key"))
            )
    for key in required:
        if key not in value:
            raise PatternError(where or "pattern", f"must have the key {key!r}", sorted(map(str, value)))


def _fields_of(error: Any) -> dict[str, Any]:
    return {"where": error.where, "allowed": error.allowed, "got": error.got, "remedy": error.remedy}
