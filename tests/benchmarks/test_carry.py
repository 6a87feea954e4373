"""The judgement of both rules of carrying."""

from dataclasses import replace
from pathlib import Path

import pytest
from carried import LARGER, OTHER, SHIPPED
from carry import AS_MANY_TOKENS, BLOCKS, LARGEST, block_rows, largest_rows, main, small_ids
from msgspec import structs
from transfer import Truth, with_seeds

from nas.ground_truth.file import read_table
from nas.patterns.primitives.scale import CarryRules

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
    kinds = [row.split("|")[1].strip() for row in rows]
    of_small = [kind for kind in OTHER for _ in range(2 * num_rungs - 1)]
    assert kinds[: len(of_small)] == of_small
    of_largest = 2 * len(read_table(AS_MANY_TOKENS).plan.rungs) - 1
    windows, blocks = kinds[len(of_small) :][:of_largest], kinds[len(of_small) + of_largest :]
    assert all(kind.startswith("window, to 512 tokens, ") for kind in windows) and len(windows) == of_largest
    assert blocks == ["block, to 256 tokens, 4,500 steps"] * (2 * len(read_table(BLOCKS[1]).plan.rungs) - 1)


def test_blocks_are_compared_with_both_forms_of_each_pattern() -> None:
    """Where the small table's qualities are the larger one's, carried by shares, shares agree at 1."""
    large, small = map(read_table, BLOCKS)
    truth = Truth.of(large)
    ends = {ids: truth.values[name] for name, ids in small_ids(large, small, CarryRules(block="share")).items()}
    rows = tuple(structs.replace(row, quality=ends.get(row.pattern_id, row.quality)) for row in small.rows)
    found = [row.split(" | ") for row in block_rows(large, replace(small, rows=rows))]
    assert {row[4] for row in found} == {"1.00"} and all(float(row[5]) < 1 for row in found)


def test_a_rule_that_changes_nothing_makes_no_difference() -> None:
    """The largest size's own patterns in place of those of as many tokens, and their counterparts as shares."""
    large, shares = read_table(LARGEST), read_table(LARGER[1])
    truth = Truth.of(large)
    there = {entry.pattern.id: truth.counterpart(shares, entry) for entry in shares.plan.entries}
    assert set(there.values()) >= truth.values.keys(), "every pattern has its counterpart one size down"
    renamed = tuple(structs.replace(row, pattern_id=there[row.pattern_id]) for row in shares.rows)
    rows = largest_rows(large, shares, replace(shares, rows=renamed))
    assert len(rows) == 7 and all("| +0.00 (+0.00 to +0.00) |" in row for row in rows)


def test_a_file_that_is_no_table_ends_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none")]) == 2
    shown = capsys.readouterr()
    assert not shown.out and shown.err.startswith("carry.py: ") and shown.err.count("\n") == 1
