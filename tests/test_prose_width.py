"""Prose in Markdown is wrapped at one width, so that a diff shows the sentence that changed."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
MOST_COLUMNS = 100

_FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_MARKER = re.compile(r"^ *(?:(?:[-*>]|\d+\.) +)*")
_WHOLE = ("|", "<", "![")
"""How tables, HTML and images begin, whose lines cannot be broken."""


def wide_lines(text: str) -> list[int]:
    """Numbers, from 1, of the lines of prose that could be shorter: too wide, and with a space to break them at."""
    prose = _FENCED.sub(lambda block: "\n" * block[0].count("\n"), text)
    return [
        number
        for number, line in enumerate(prose.splitlines(), start=1)
        if len(line) > MOST_COLUMNS
        and not line.lstrip().startswith(_WHOLE)
        and " " in _MARKER.sub("", line, count=1).rstrip()
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_prose_is_wrapped(page: Path) -> None:
    wide = wide_lines(page.read_text(encoding="utf-8"))
    assert not wide, f"{page.relative_to(ROOT)}: lines {wide} are wider than {MOST_COLUMNS} columns"


def test_what_cannot_be_broken_may_be_wide() -> None:
    word, words = "x" * 101, "x " * 51
    allowed = [
        word,
        f"- {word}",
        f"| {words} |",
        f"![{words}](picture.png)",
        f'<img alt="{words}">',
        f"```\n{words}\n```",
    ]
    assert not any(wide_lines(text) for text in allowed)


def test_wide_prose_is_found_by_its_line() -> None:
    words = "x " * 51
    assert wide_lines(f"short\n{words}\n```\n{words}\n```\n- {words}y") == [2, 6]
