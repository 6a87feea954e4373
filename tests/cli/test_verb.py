"""The parts that all commands share: parsing of words and help."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.cli.verb import (
    Verb,
    add_pattern,
    add_study,
    grid_sides,
    sequence_length,
    some_path,
    trial_number,
    whole_number,
)
from nas.errors import NasError
from nas.ranges import MOST_TOKENS


@settings(derandomize=True, deadline=None)
@given(st.integers(0, 10**18), st.integers(0, 10**6), st.integers(0, 10**18))
def test_a_whole_number_is_taken_inside_its_range_and_refused_outside(number: int, low: int, width: int) -> None:
    inside = low <= number <= low + width
    try:
        assert whole_number(str(number), low, low + width) == number and inside
    except ArgumentTypeError as error:
        assert not inside and f"from {low} to {low + width}, got '{number}'" in str(error)


@pytest.mark.parametrize("text", ["", " 1", "+1", "-1", "1.0", "1e3", "1_000", "\u0661", "9" * 5000])
def test_what_is_no_plain_whole_number_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="must be a whole number of 0 or more"):
        trial_number(text)


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (sequence_length, str(MOST_TOKENS), MOST_TOKENS),
        (grid_sides, "8x12", (8, 12)),
        (trial_number, "0", 0),
        (some_path, "a b", Path("a b")),
    ],
)
def test_arguments_become_values(read: Callable[[str], Any], text: str, value: Any) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [(sequence_length, str(MOST_TOKENS + 1)), (sequence_length, "0"), (some_path, "")]
    + [(grid_sides, text) for text in ("8", "8x", "x8", "8x8x8", "8 x 8", "0x8", "8x5000")],
)
def test_wrong_arguments_are_refused(read: Callable[[str], Any], text: str) -> None:
    with pytest.raises(ArgumentTypeError, match=r"^must be "):
        read(text)


def _add_arguments(parser: ArgumentParser) -> None:
    add_study(parser)
    add_pattern(parser)
    parser.add_argument("settings", metavar="KEY=VALUE", nargs="*")


@pytest.fixture
def seen() -> list[Namespace]:
    """The arguments that the command was called with."""
    return []


@pytest.fixture
def verb(seen: list[Namespace]) -> Verb:
    def act(args: Namespace) -> int:
        seen.append(args)
        return 7

    return Verb(
        name="try",
        summary="Try a thing",
        add_arguments=_add_arguments,
        act=act,
        examples=(("nas try quick full", "a purpose"),),
        notes=lambda: "a note",
    )


def test_a_command_gets_its_arguments_and_gives_the_exit_code(verb: Verb, seen: list[Namespace]) -> None:
    assert verb.run(["quick", "--heads", "3", "full", "a=1", "--bidirectional", "b=2"]) == 7
    [args] = seen
    assert (args.study, args.pattern, args.settings) == ("quick", "full", ["a=1", "b=2"])
    assert (args.heads, args.layers, args.grid, args.bidirectional) == (3, None, None, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], r"^nas try: the following arguments are required: STUDY, PATTERN.*See nas try --help\.$"),
        (["a", "b", "--haeds", "3"], r"unrecognized arguments: --haeds.*Did you mean '--heads'\?$"),
        (["a", "b", "--head", "3"], r"Did you mean '--heads'"),
        (["a", "b", "--seed=3"], r"--seed=3\. Settings have no dashes: write seed=VALUE\.$"),
        (["a#3", "b"], r"STUDY: must be a study without a trial, such as a, got 'a#3'"),
    ],
)
def test_wrong_words_are_one_line_and_nothing_runs(
    verb: Verb, seen: list[Namespace], words: list[str], message: str
) -> None:
    with pytest.raises(NasError, match=message):
        verb.run(words)
    assert seen == []


def test_help_wins_over_everything_else(verb: Verb, seen: list[Namespace], capsys: pytest.CaptureFixture[str]) -> None:
    assert verb.run(["--nonsense", "--help"]) == 0
    assert capsys.readouterr().out == verb.help_text()
    assert verb.help_text().endswith("a note\n\nexamples:\n  nas try quick full  a purpose\n")
    assert seen == []
