"""Errors that a user can fix, each with a message of one line.

Every message has one form: where, what is allowed, what was given, what to do.
`layers[3].heads[0].attend[1].before: must be 0 or more, got -4. Count earlier tokens.`
"""

import traceback
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

MOST_LETTERS = 300
"""Longest error that is quoted within a line."""
MOST_LINES = 40
"""Most lines of a traceback that are kept."""
_REPLACED = "\N{REPLACEMENT CHARACTER}"
_LONGEST_NAME = 100
"""Of a longer name only the start is compared, in characters: time grows with its length."""


class NasError(Exception):
    """An error that the user can fix; the command line prints it as one line and exits with code 2.

    Args:
        message: what it says, whatever that quotes: it becomes one printable line.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(" ".join(message.split())))


class InputError(NasError, ValueError):
    """A value from outside (file, override, argument) that cannot be used.

    Args:
        where: the place, as a path the user can find (`layers[0].heads[1].count`, `sampler`).
        allowed: what is allowed there, as a phrase that starts with a verb ("must be 0 or more").
        got: the value that was given.
        remedy: what to do, as one full sentence; empty if `allowed` is enough.
    """

    def __init__(self, where: str, allowed: str, got: object, remedy: str = "") -> None:
        self.where, self.allowed, self.got, self.remedy = where, allowed, got, remedy
        super().__init__(f"{where}: {allowed}, got {_shown(got)}." + (f" {remedy}" if remedy else ""))

    def inside(self, outer: str) -> "InputError":
        """The same error with its place prefixed by the place of its container."""
        joint = "" if self.where.startswith("[") or not self.where else "."
        return type(self)(f"{outer}{joint}{self.where}", self.allowed, self.got, self.remedy)


class PatternError(InputError):
    """A pattern violates the contract of `docs/patterns.md`."""


class StudyError(NasError):
    """A study folder is missing, busy or damaged, or was started with other settings."""


class ExportError(NasError):
    """A format cannot represent a pattern, files describe another pattern, or a file must not be written."""


def unknown(where: str, got: str, options: Iterable[str], noun: str = "name") -> InputError:
    """The error for a name that is not one of `options`, with the nearest option."""
    known = list(options)
    near = get_close_matches(got[:_LONGEST_NAME], known, n=1, cutoff=0.5)
    remedy = f"Did you mean {near[0]!r}?" if near else ""
    return InputError(where, f"unknown {noun}; allowed: {', '.join(known)}", got, remedy)


def first_line(error: BaseException) -> str:
    """`ZeroDivisionError: division by zero`, or what a NasError says: part of a printable line, long ones cut."""
    kind = "" if isinstance(error, NasError) else f"{type(error).__name__}: "
    text = printable(" ".join(f"{kind}{error}".split()))
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 3] + "..."


def printable(text: str) -> str:
    """Text without characters that would do something to a terminal: names and errors may quote a stranger's file."""
    if text.isprintable():
        return text
    shown = (one if one.isprintable() or _joins(text, place) else _REPLACED for place, one in enumerate(text))
    return "".join(shown)


def _joins(text: str, place: int) -> bool:
    """Whether a zero-width joiner stands between two pictures, which makes one of them and hides nothing."""
    sides = text[max(0, place - 1) : place], text[place + 1 : place + 2]
    return text[place] == "\N{ZERO WIDTH JOINER}" and all(side and _is_picture(side) for side in sides)


def _is_picture(character: str) -> bool:
    is_tone = "\N{EMOJI MODIFIER FITZPATRICK TYPE-1-2}" <= character <= "\N{EMOJI MODIFIER FITZPATRICK TYPE-6}"
    return is_tone or unicodedata.category(character) == "So" or character == "\N{VARIATION SELECTOR-16}"


def last_lines(error: BaseException) -> str:
    """The end of an error's traceback, for a file that people read."""
    lines = "".join(traceback.format_exception(error)).splitlines()
    return "\n".join(lines[-MOST_LINES:]) + "\n"


def _shown(value: object, longest: int = 80) -> str:
    try:
        text = repr(value)
    except RecursionError:  # a document can be nested deeply enough to be parsed but not shown
        text = f"a deeply nested {type(value).__name__}"
    return text if len(text) <= longest else text[: longest - 3] + "..."
