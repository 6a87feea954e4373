"""The pictures of what small models say about a larger one."""

from pathlib import Path

import pytest
import transfer
import transfer_picture
from search_methods.priors import FIRST, SECOND

from nas.ground_truth.file import read_table

LADDER = Path(__file__).parents[2] / "tables" / "ladder"


@pytest.fixture(scope="module")
def truth() -> transfer.Truth:
    return transfer.Truth.of(read_table(LADDER / "M-plain.jsonl"))


def test_every_ranking_is_of_the_same_patterns(truth: transfer.Truth) -> None:
    largest = read_table(LADDER / "L-plain.jsonl")
    paths = [LADDER / "S-plain.jsonl", LADDER / "S-shift.jsonl"]
    small, larger, top = transfer_picture.columns(truth, paths, largest)
    assert [one.name for one in small] == ["plain\n960", "plain\n3,840", "token shift\n480", "token shift\n1,920"]
    assert [one.name for one in larger] == ["M\n563", "M\n1,125", "M\n2,250", "M\n4,500"]
    assert top[0].name == "L\n2,000", "of the two rungs below, only some patterns were scored"
    assert all(one.values.keys() == truth.values.keys() for one in (*small, *larger, *top))
    assert larger[-1].values == truth.values
    narrow = min(top[0].values, key=top[0].values.__getitem__)
    assert transfer_picture._patterns(truth.table)[narrow][0] == "1/32, all"


def test_points_are_the_agreements_of_the_page(truth: transfer.Truth) -> None:
    small = read_table(LADDER / "S-plain.jsonl")
    curve = transfer_picture._curve(truth, small, transfer.values_at)
    assert [round(tau, 2) for _, tau in curve] == [-0.17, 0.06, 0.22, 0.61, 0.72]  # docs/transfer.md
    assert [flops for flops, _ in curve] == sorted(flops for flops, _ in curve)
    itself = transfer_picture._curve(truth, truth.table, transfer.values_at)
    assert len(itself) == len(truth.table.plan.rungs) - 1  # not its end with itself


def test_every_pattern_has_its_own_line(truth: transfer.Truth) -> None:
    lines = transfer_picture._patterns(truth.table)
    assert len(set(lines.values())) == len(lines) == 9
    by_id = {entry.pattern.id: entry.params for entry in truth.table.plan.entries}
    full = next(one for one, params in by_id.items() if params[FIRST] == params[SECOND] == 256)
    assert lines[full] == ("all, all", "C2", "-")
