"""The fenced blocks of the documentation: what a page shows, in which language, and where."""

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"# ([\w./-]+\.(?:py|yaml))\n")


@dataclass(frozen=True, slots=True)
class Fence:
    """One fenced block.

    Args:
        page: path from docs/.
        line: of its first line, from 1.
        language: as the fence names it; empty where it names none.
        text: without the indentation of the fence.
    """

    page: str
    line: int
    language: str
    text: str

    @property
    def file(self) -> str | None:
        """The file that the block is the content of, by a comment in its first line."""
        named = _NAMED.match(self.text)
        return named[1] if named else None

    @property
    def commands(self) -> list[str]:
        """What a reader would type: the lines of a shell block; elsewhere those that begin with `nas`."""
        lines = [line.strip() for line in self.text.splitlines()]
        if self.language == "sh":
            return [line for line in lines if line]
        return [line for line in lines if line.startswith("nas ")] if not self.language else []


def fences(page: Path) -> list[Fence]:
    """The blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    name = str(page.relative_to(ROOT / "docs"))
    return [
        Fence(name, text.count("\n", 0, found.start()) + 1, found["language"], dedent(found["text"]))
        for found in _FENCE.finditer(text)
    ]
