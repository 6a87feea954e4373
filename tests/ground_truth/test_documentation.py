"""docs/tables.md shows the shipped table; running this file writes its block and its picture again."""

import re
import sys
from pathlib import Path

import pytest

from nas.ground_truth.file import read_table
from nas.ground_truth.report.picture import draw_table
from nas.ground_truth.report.summary import summary_lines
from nas.ground_truth.summary import summarize

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tables.md"
NAME = "tables/tabular-text.jsonl"


def page(path: Path) -> str:
    """The page as it should be, with the summary of a table in its block."""
    shown = "\n".join(summary_lines(NAME, summarize(read_table(path))))
    before, heading, after = PAGE.read_text(encoding="utf-8").partition("## The shipped table\n")
    return before + heading + re.sub(r"```\n.*?\n```", lambda _: f"```\n{shown}\n```", after, count=1, flags=re.DOTALL)


@pytest.mark.skipif(not (ROOT / NAME).exists(), reason="no table is shipped yet")
def test_the_page_shows_the_shipped_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(ROOT / NAME), "run: python tests/ground_truth/test_documentation.py"


@pytest.mark.skipif(not (ROOT / NAME).exists(), reason="no table is shipped yet")
def test_the_shipped_table_is_whole() -> None:
    table = read_table(ROOT / NAME)
    assert len(table.rows) == table.plan.num_rows
    assert len(table.plan.entries) >= 128
    assert len(table.plan.seeds) >= 2
    assert table.plan.rungs[-1] == 16 * table.plan.rungs[0]


if __name__ == "__main__":
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / NAME
    PAGE.write_text(page(source), encoding="utf-8")
    draw_table(read_table(source), ROOT / "docs" / "pictures" / "table.png")
