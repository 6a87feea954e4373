"""The report on what a good front costs to find."""

import sys
from argparse import Namespace
from pathlib import Path

import pytest
import search_cost
from search_methods import report
from search_methods.catalog import at_horizon
from search_methods.picture import draw
from search_methods.search import Chosen, Search
from search_methods.truth import Truth, load

TABLE = Path(__file__).parents[2] / "tables" / "tabular-text.jsonl"


@pytest.fixture(scope="module")
def truth() -> Truth:
    return load(TABLE)[2]


def found(truth: Truth, *moments: tuple[float, int]) -> Search:
    """A search that chose so many patterns of the true front after so many full runs."""
    chosen = tuple(Chosen(runs * truth.full_run_flops, truth.front[:count]) for runs, count in moments)
    return Search(chosen, 0.25, cpu_seconds=2.0)


def test_the_report_counts_in_full_runs(truth: Truth) -> None:
    own = found(truth, (0.5, 1), (2.0, 2), (9.0, 7))
    lines = list(report.method_lines({"mine": [own], "hopeless": [found(truth, (0.5, 1))]}, truth))
    mine, hopeless = (next(line for line in lines if line.startswith(f"| {name} |")) for name in ("mine", "hopeless"))
    shares = [truth.share(truth.front[:count]) for count in (1, 2, 7)]
    assert shares[1] < report.GOAL
    one, two, all_ = (f"{share:.3f} ({share:.3f} to {share:.3f})" for share in shares)
    cells = [cell.strip() for cell in mine.split("|")][1:-1]
    assert cells[:7] == ["mine", "1", one, two, all_, all_, all_]
    assert cells[7:] == ["1.000", "9.00 (9.00 to 9.00)", "0.25", "7", "2.0 s"]
    assert "| - (- to -) |" in hopeless


def test_every_horizon_has_its_cell(truth: Truth) -> None:
    searches = {at_horizon("ehvi", rung): [found(truth, (rung / 960, 7))] for rung in (240, 960)}
    line = list(report.method_lines(searches, truth))[-1]
    assert line == "| ehvi | 0.25 (0.25 to 0.25); 1.000 |  | 1.00 (1.00 to 1.00); 1.000 |  |  |"


def test_projected_horizons_have_rows_of_their_own(truth: Truth) -> None:
    searches = {at_horizon("ehvi", 960, project=project): [found(truth, (1.0, 7))] for project in (False, True)}
    lines = list(report.method_lines(searches, truth))[-2:]
    assert [line.split(" | ")[0] for line in lines] == ["| ehvi", "| ehvi, projected"]


def test_ranks_are_averaged_over_tables(truth: Truth) -> None:
    fast, slow, never = found(truth, (1.0, 7)), found(truth, (3.0, 7)), found(truth, (1.0, 1))
    tables = [
        ({"a": [fast], "b": [slow], "c": [never], "d": [never]}, truth),
        ({"a": [never], "b": [fast], "c": [slow]}, truth),
    ]
    rows = [line for line in report.rank_lines(tables) if line[:4] in ("| a ", "| b ", "| c ", "| d ")]
    assert rows == ["| b | 1.5 | 2.0 | 1.0 |", "| a | 2.0 | 1.0 | 3.0 |", "| c | 2.5 | 3.0 | 2.0 |"]
    own = report.ranks(*tables[0])
    assert own["c"] == own["d"] == 3.5  # no figure tells them apart


def test_searches_are_kept_and_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "kept.jsonl"
    words = [str(TABLE), "--methods", "untrained", "--seeds", "2", "--keep", str(file)]
    monkeypatch.setattr(sys, "argv", ["search_cost.py", *words])
    search_cost.main()
    first, lines = capsys.readouterr().out, file.read_text().splitlines()
    assert len(lines) == 8 and "| five narrow-first patterns, untrained | 2 |" in first
    search_cost.main()
    assert capsys.readouterr().out == first and file.read_text().splitlines() == lines


def test_every_table_is_asked_for_its_own_horizons(truth: Truth) -> None:
    options = Namespace(methods="random x", draws=0, trials=60, seeds=2)
    keys = list(search_cost.keys_of(options, TABLE, truth))
    assert [(key.method, key.seed) for key in keys[:2]] == [("random x 240", 0), ("random x 480", 0)]
    assert len(keys) == 2 * (2 * len(truth.rungs) - 1) and {key.table for key in keys} == {TABLE.as_posix()}


def test_the_picture_is_drawn(truth: Truth, tmp_path: Path) -> None:
    searches = {name: [found(truth, (1.0, 1), (2.0, 7))] for name in ("make search", at_horizon("random", 960))}
    draw(searches, truth, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 10_000
