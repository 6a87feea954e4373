"""Checks of a space: of its options, and of the parameters that it requests from a suggester."""

from collections.abc import Hashable, Iterable, Sequence
from math import isfinite

from nas.errors import InputError, unknown
from nas.space.space import Option, Shape

_TEXTS_AND_INTEGERS = (str, int)  # a tuple: `str | int` would be made anew for every option of every trial


def require_options(name: str, options: Sequence[Option]) -> None:
    """Raise InputError unless `options` holds at least one value and none twice."""
    if not options or len(set(options)) < len(options):
        raise InputError(name, "must hold at least one value and none twice", list(options))


def require_numbers(name: str, options: Sequence[int] | None, at_least: int) -> None:
    """Raise InputError unless `options` is None or holds different numbers of `at_least` or more."""
    if options is None:
        return
    require_options(name, options)
    if min(options) < at_least:
        raise InputError(name, f"must hold numbers of {at_least} or more", options)


def require_shares(name: str, options: Sequence[float] | None) -> None:
    """Raise InputError unless `options` is None or holds different shares from 0 to 1."""
    if options is None:
        return
    require_options(name, options)
    if not all(0 <= share <= 1 for share in options):
        raise InputError(name, "must hold shares from 0 to 1", options)


def require_words(name: str, options: Sequence[str] | None, allowed: Iterable[str], noun: str) -> None:
    """Raise InputError unless `options` is None or holds different words, all of them allowed."""
    if options is None:
        return
    require_options(name, options)
    known = list(allowed)
    for option in options:
        if option not in known:
            raise unknown(name, option, known, noun)


def require_heads(name: str, options: Sequence[int] | None, shape: Shape) -> None:
    """Raise InputError if `options` offers more heads than a layer of the shape has."""
    most = max(options or [0])
    if most > shape.num_heads:
        raise InputError(f"space.options.{name}", f"must be at most proxy.num_heads ({shape.num_heads})", most)


def check_options(name: str, options: Sequence[object]) -> None:
    """Refuse options that a sampler cannot choose from or that a study cannot store.

    Raises:
        InputError: there is no option, or one that is neither text nor a finite number nor true or false.
    """
    odd = [option for option in options if not _is_storable(option)]
    if odd or not options:
        allowed = "must have options to choose from: texts, finite numbers, true or false"
        raise InputError(f"space parameter {name}", allowed, odd[0] if odd else [])


def _is_storable(option: object) -> bool:
    return isfinite(option) if isinstance(option, float) else isinstance(option, _TEXTS_AND_INTEGERS)


def check_asked_alike(asked: dict[str, Hashable], name: str, question: Hashable) -> None:
    """Refuse a parameter that a trial requests twice with different values allowed; record the request.

    Args:
        asked: what this trial has requested so far, by parameter name; updated.
        name: the parameter.
        question: all that decides which values are allowed.

    Raises:
        InputError: the trial requested the same name before with a different question.
    """
    if (before := asked.setdefault(name, question)) != question:
        remedy = "Give one of them another name."
        raise InputError(f"space parameter {name}", f"must be requested as before, {before}", question, remedy)
