"""The summary of a table, as people read it on a terminal and in a pipe."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from nas.ground_truth.file import read_table
from nas.ground_truth.report.summary import summary_lines, summary_tables
from nas.ground_truth.summary import TableSummary, summarize
from tests.tiny_table import pretend_table


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> TableSummary:
    path = tmp_path_factory.mktemp("table") / "tiny.jsonl"
    pretend_table(path)
    return summarize(read_table(path))


def shown(summary: TableSummary, width: int = 160) -> str:
    console = Console(file=StringIO(), width=width, force_terminal=False)
    for part in summary_tables("tiny", summary, 120):
        console.print(part)
    return console.file.getvalue()  # type: ignore[attr-defined]


def row(lines: list[str], first: str) -> list[str]:
    return next(line.split() for line in lines if line.split()[:1] == [first])


def test_a_rung_has_its_figures(summary: TableSummary) -> None:
    cells = row(summary_lines("tiny", summary), "4")
    rung = summary.rungs[0]
    assert rung.tau is not None and rung.noise is not None and rung.best is not None and rung.worst is not None
    assert cells[:5] == ["4", "8", f"{rung.best:.3f}", "to", f"{rung.worst:.3f}"]
    assert f"{rung.tau:.2f}" in cells and f"{rung.noise:.4f}" in cells


def test_a_terminal_gets_the_same_figures(summary: TableSummary) -> None:
    numbers = {word for word in shown(summary).split() if word.replace(".", "").isdigit()}
    assert numbers == {
        word for word in " ".join(summary_lines("tiny", summary)).split() if word.replace(".", "").isdigit()
    }


def test_ids_are_never_cut(summary: TableSummary) -> None:
    for width in (80, 120):
        words = shown(summary, width).split()
        assert all(any(point.pattern_id in word for word in words) for point in summary.front)


def test_bands_of_one_rate_are_told_from_bands_of_several(summary: TableSummary) -> None:
    assert "Bands differ in learning rate, which may affect their ranking" in "\n".join(summary_lines("tiny", summary))
    alike = replace(summary, bands=tuple(replace(band, learning_rates=(0.004,)) for band in summary.bands))
    said = "All were trained with 0.004, so the learning rate does not affect the ranking of bands."
    assert said in summary_lines("tiny", alike)
    untrained = replace(summary, bands=tuple(replace(band, learning_rates=()) for band in summary.bands))
    assert not any("ranking of bands" in line for line in summary_lines("tiny", untrained))


def test_an_unfinished_table_is_marked(summary: TableSummary) -> None:
    assert not any("Unfinished" in line for line in summary_lines("tiny", summary))
    lines = summary_lines("tiny", replace(summary, total_rows=1494))
    assert lines[1] == "Unfinished: 24 of 1,494 rows; 4 of 4 patterns have the last rung."


def test_nothing_known_is_a_dash(tmp_path: Path) -> None:
    path = tmp_path / "tiny.jsonl"
    pretend_table(path)
    empty = summarize(replace(read_table(path), rows=(), sessions=()))
    lines = summary_lines("tiny", empty)
    assert row(lines, "4") == ["4", "0", *"-" * 10]
    assert "True front at 8 steps (0 of 0 patterns)" in lines
    assert shown(empty)


def test_points_that_noise_explains_are_marked(summary: TableSummary) -> None:
    first, *others = summary.front
    twin = replace(first, pattern_id="twin", flops_share=0.01)
    lines = summary_lines("tiny", replace(summary, front=(first, twin, *others)))
    assert any(line.startswith(f"≈{first.pattern_id}") for line in lines)


def test_machines_are_named_once(summary: TableSummary) -> None:
    twice = replace(summary, sessions=summary.sessions * 2)
    assert sum(line.startswith("Trained on ") for line in summary_lines("tiny", twice)) == 1


def test_names_are_text_and_no_markup(summary: TableSummary) -> None:
    point = replace(summary.front[0], params={"[red]x[/nope]": "[bold]"})
    assert "[bold]" in shown(replace(summary, front=(point,)))
