"""Declared types of options, and whether plain values from YAML fit them."""

from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    NoneType: "null",
}
_PLURALS = {int: "whole numbers", float: "numbers", str: "texts", bool: "true or false values", NoneType: "nulls"}


def fits(value: object, hint: Any) -> bool:
    """Whether the value fits the type: True is not a whole number, but a whole number is a number.

    Types other than bool, int, float, str, None, lists, unions and literals accept their instances.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(fits(value, part) for part in arguments)
    if origin is Literal:
        return any(type(value) is type(option) and value == option for option in arguments)
    if origin is list:
        return isinstance(value, list) and all(fits(item, arguments[0]) for item in value)
    if hint is Any:
        return True
    if hint is int or hint is float:
        return not isinstance(value, bool) and isinstance(value, int if hint is int else (int, float))
    kind = origin or hint
    return isinstance(value, kind) if isinstance(kind, type) else True


def describe(hint: Any) -> str:
    """The type in words: "a list of whole numbers or null"."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return " or ".join(describe(part) for part in arguments)
    if origin is Literal:
        return f"one of {', '.join(map(repr, arguments))}"
    if origin is list:
        parts = get_args(arguments[0]) if get_origin(arguments[0]) in (Union, UnionType) else arguments
        return f"a list of {' or '.join(_PLURALS.get(part, describe(part)) for part in parts)}"
    return _WORDS.get(hint, getattr(hint, "__name__", str(hint)))
