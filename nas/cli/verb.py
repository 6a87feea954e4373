"""What all verbs have in common."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from nas.errors import NasError
from nas.ranges import MOST_TOKENS

USER_ERROR, INTERRUPTED = 2, 130
"""Exit codes for what the user can mend, and for Ctrl-C."""


class _Parser(argparse.ArgumentParser):
    """Wrong arguments are an error like any other: one line."""

    def error(self, message: str) -> NoReturn:
        raise NasError(f"{self.prog}: {message}. See {self.prog} --help.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One word after `nas`.

    Args:
        name: the word.
        summary: what it does, as one line without a full stop.
        add_arguments: tells the parser its arguments.
        act: does it.
        examples: command lines, each with what it is for.
        notes: more help, made only when help is asked for, as it may import a lot.
    """

    name: str
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    act: Callable[[argparse.Namespace], int]
    examples: tuple[tuple[str, str], ...]
    notes: Callable[[], str] = lambda: ""

    def run(self, words: list[str]) -> int:
        """Parse the words after the verb and act; the exit code."""
        if "-h" in words or "--help" in words:
            print(self.help_text(), end="")
            return 0
        return self.act(self._parser().parse_intermixed_args(words))

    def help_text(self) -> str:
        """What `nas VERB --help` prints, always 100 columns wide at most."""
        parser = self._parser()
        width = max(len(line) for line, _ in self.examples)
        examples = "\n".join(f"  {line:<{width}}  {purpose}" for line, purpose in self.examples)
        parser.epilog = "\n\n".join(part for part in (self.notes(), f"examples:\n{examples}") if part)
        return parser.format_help()

    def _parser(self) -> argparse.ArgumentParser:
        parser = _Parser(
            prog=f"nas {self.name}",
            description=f"{self.summary}.",
            formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, max_help_position=26, width=100),
            allow_abbrev=False,
        )
        self.add_arguments(parser)
        return parser


def add_study(parser: argparse.ArgumentParser) -> None:
    """Declare the argument STUDY."""
    parser.add_argument("study", metavar="STUDY", help="a name under runs/, or the path of a study folder")


def add_pattern(parser: argparse.ArgumentParser) -> None:
    """Declare the argument PATTERN, which `nas.cli.pattern_argument` reads."""
    parser.add_argument(
        "pattern",
        metavar="PATTERN",
        help="a pattern file, STUDY#TRIAL such as quick#7, or a baseline such as longformer",
    )
    shape = parser.add_argument_group("shape of a baseline")
    shape.add_argument("--layers", metavar="L", type=_size, help="layers (default: 2)")
    shape.add_argument("--heads", metavar="H", type=_size, help="heads in a layer (default: 4)")
    shape.add_argument("--grid", metavar="RxC", type=grid_sides, help="rows and columns of a picture: 8x8")
    shape.add_argument("--bidirectional", action="store_true", help="queries see later keys too")


def sequence_length(text: str) -> int:
    """A number of tokens, as argparse's `type`."""
    return whole_number(text, 1, MOST_TOKENS)


def grid_sides(text: str) -> tuple[int, int]:
    """Rows and columns, as argparse's `type`."""
    sides = text.split("x")
    if len(sides) != 2:
        raise argparse.ArgumentTypeError(f"must be rows x columns such as 8x8, got {text!r}")
    return _size(sides[0]), _size(sides[1])


def trial_number(text: str) -> int:
    """The number of a trial, as argparse's `type`."""
    return whole_number(text, 0, sys.maxsize)


def some_path(text: str) -> Path:
    """A path, as argparse's `type`; an empty one, which a shell's unset variable leaves, would mean this folder."""
    if not text:
        raise argparse.ArgumentTypeError("must be a path, got ''")
    return Path(text)


def _size(text: str) -> int:
    return whole_number(text, 1, 4096)


def whole_number(text: str, low: int, high: int) -> int:
    """A number from low to high, both included, for an argparse `type`."""
    if not (text.isascii() and text.isdecimal() and len(text) < 20) or not low <= int(text) <= high:
        raise argparse.ArgumentTypeError(f"must be a whole number from {low} to {high}, got {text!r}")
    return int(text)
