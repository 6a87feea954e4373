"""The judgement of both rules of carrying."""

from pathlib import Path

import pytest
from carried import OTHER, SHIPPED
from carry import main
from transfer import with_seeds

from nas.ground_truth.file import read_table

TABLE = SHIPPED.parent / "ladder" / "S-carry.jsonl"


def test_both_sides_have_the_same_seeds() -> None:
    """The shipped table has two, and a mean of two would rank better whatever the rule."""
    table = read_table(SHIPPED)
    assert {row.seed for row in with_seeds(table, [0]).rows} == {0} < {row.seed for row in table.rows}


def test_every_kind_has_a_row_for_every_rung(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(TABLE)]) == 0
    head, _, *rows = capsys.readouterr().out.splitlines()
    assert head.startswith("| size | patterns that it changes |")
    num_rungs = len(read_table(TABLE).plan.rungs)
    assert [row.split("|")[1].strip() for row in rows] == [kind for kind in OTHER for _ in range(2 * num_rungs - 1)]


def test_a_file_that_is_no_table_ends_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none")]) == 2
    shown = capsys.readouterr()
    assert not shown.out and shown.err.startswith("carry.py: ") and shown.err.count("\n") == 1
