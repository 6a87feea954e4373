"""The parts that all commands share."""

import argparse
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from shutil import get_terminal_size
from textwrap import fill
from typing import NoReturn

from nas.errors import NasError
from nas.ranges import MOST_TOKENS

USER_ERROR, INTERRUPTED = 2, 130
"""Exit codes for an error that the user can fix, and for Ctrl-C."""
HELP_WIDTH = 80
"""Columns of every help text, whatever the terminal has, so that the documentation can repeat it."""
PIPE_WIDTH = 100


class _Parser(argparse.ArgumentParser):
    """Reports wrong arguments like any other error: in one line."""

    def error(self, message: str) -> NoReturn:
        raise NasError(f"{self.prog}: {message}. See {self.prog} --help.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One command: a word after `nas`.

    Args:
        name: the word.
        summary: one line of help, without a full stop.
        add_arguments: declares its arguments on the parser.
        act: runs it and returns the exit code.
        examples: command lines, each with its purpose.
        notes: more help; called only for --help, as it may import a lot.
    """

    name: str
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    act: Callable[[argparse.Namespace], int]
    examples: tuple[tuple[str, str], ...]
    notes: Callable[[], str] = lambda: ""

    def run(self, words: list[str]) -> int:
        """Parse the words after the name, run the command, and return its exit code."""
        if "-h" in words or "--help" in words:
            print(self.help_text(), end="")
            return 0
        parser = self._parser()
        args, unknown = parser.parse_known_intermixed_args(words)
        if unknown:
            raise _unknown_arguments(parser, unknown)
        return self.act(args)

    def help_text(self) -> str:
        """The text that `nas COMMAND --help` prints, at most HELP_WIDTH columns wide."""
        parser = self._parser()
        parser.epilog = "\n\n".join(part for part in (self.notes(), f"examples:\n{self._examples()}") if part)
        return parser.format_help()

    def _examples(self) -> str:
        """Commands with their purposes beside them, or all below where one has no room."""
        width = max(len(line) for line, _ in self.examples)
        beside = [f"  {line:<{width}}  {purpose}" for line, purpose in self.examples]
        if max(map(len, beside)) <= HELP_WIDTH:
            return "\n".join(beside)
        return "\n".join(f"  {line}\n      {purpose}" for line, purpose in self.examples)

    def _parser(self) -> argparse.ArgumentParser:
        parser = _Parser(
            prog=f"nas {self.name}",
            description=fill(f"{self.summary}.", HELP_WIDTH, break_on_hyphens=False),
            formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(
                prog, max_help_position=26, width=HELP_WIDTH
            ),
            allow_abbrev=False,
        )
        self.add_arguments(parser)
        return parser


def _unknown_arguments(parser: argparse.ArgumentParser, words: list[str]) -> NasError:
    """The error for arguments that a command does not have, with the nearest option that it has."""
    usage, option = parser.format_usage(), words[0].partition("=")[0]
    near = get_close_matches(option, re.findall(r"--[a-z-]+", usage), n=1, cutoff=0.8)
    remedy = f"See {parser.prog} --help."
    if near:
        remedy = f"Did you mean {near[0]!r}?"
    elif option.startswith("-") and "KEY=VALUE" in usage:
        remedy = f"Settings have no dashes: write {option.lstrip('-')}=VALUE."
    return NasError(f"{parser.prog}: unrecognized arguments: {' '.join(words)}. {remedy}")


def output_width() -> int:
    """Columns of the terminal, or what COLUMNS says; in a pipe PIPE_WIDTH."""
    return get_terminal_size().columns if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH


def add_study(parser: argparse.ArgumentParser) -> None:
    """Declare the argument STUDY."""
    parser.add_argument(
        "study", metavar="STUDY", type=study_name, help="a name under runs/, or the path of a study folder"
    )


def add_pattern(parser: argparse.ArgumentParser) -> None:
    """Declare the argument PATTERN, which `nas.cli.pattern_argument` reads."""
    parser.add_argument(
        "pattern",
        metavar="PATTERN",
        help="a pattern file, STUDY#TRIAL such as quick#7, or a baseline such as longformer",
    )
    shape = parser.add_argument_group("shape of a baseline")
    shape.add_argument("--layers", metavar="L", type=_size, help="layers (default: 2)")
    shape.add_argument("--heads", metavar="H", type=_size, help="heads per layer (default: 4)")
    shape.add_argument("--grid", metavar="RxC", type=grid_sides, help="rows and columns of a picture, such as 8x8")
    shape.add_argument("--bidirectional", action="store_true", help="let queries see later keys as well")


def add_wandb_place(parser: argparse.ArgumentParser) -> None:
    """Declare where runs are in Weights & Biases."""
    parser.add_argument("--project", metavar="P", default="nas", help="W&B project (default: nas)")
    parser.add_argument("--entity", metavar="E", help="W&B user or team (default: the key's own)")


def add_port(parser: argparse.ArgumentParser, default: int) -> None:
    """Declare the option --port of a local page."""
    parser.add_argument(
        "--port",
        metavar="N",
        type=lambda text: whole_number(text, 0, 65535),
        default=default,
        help=f"of 127.0.0.1; 0 for any that is free (default: {default})",
    )


def sequence_length(text: str) -> int:
    """A number of tokens, for an argparse `type`."""
    return whole_number(text, 1, MOST_TOKENS)


def grid_sides(text: str) -> tuple[int, int]:
    """Rows and columns, for an argparse `type`."""
    sides = text.split("x")
    if len(sides) != 2 or not all(side.isdecimal() for side in sides):
        raise argparse.ArgumentTypeError(f"must be rows x columns such as 8x8, got {text!r}")
    return _size(sides[0]), _size(sides[1])


def trial_number(text: str) -> int:
    """The number of a trial, for an argparse `type`."""
    return whole_number(text, 0)


def some_path(text: str) -> Path:
    """A path, for an argparse `type`; an empty one, as from an unset shell variable, would mean the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("must be a path, got ''")
    return Path(text)


def study_name(text: str) -> str:
    """A study, for an argparse `type`; a trial of one, which other arguments name, is refused."""
    study, mark, number = text.rpartition("#")
    if mark and number.isdecimal() and not Path(text).exists():
        raise argparse.ArgumentTypeError(f"must be a study without a trial, such as {study}, got {text!r}")
    return text


def _size(text: str) -> int:
    return whole_number(text, 1, 4096)


def whole_number(text: str, low: int, high: int | None = None) -> int:
    """A number from low to high, both included, for an argparse `type`; without high, of any size."""
    most = sys.maxsize if high is None else high
    allowed = f"of {low} or more" if high is None else f"from {low} to {high}"
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and low <= int(text) <= most):
        raise argparse.ArgumentTypeError(f"must be a whole number {allowed}, got {text!r}")
    return int(text)
