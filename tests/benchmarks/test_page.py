"""The page of benchmarks is made of what they printed."""

from pathlib import Path

import benchmark
import pytest
from benchmark import Benchmark, Outcome, keep
from gpu import NEEDED
from gpu.catalog import GPU_BENCHMARKS
from page import GPU_HEAD, PAGE, page, printed, wrapped
from run import BENCHMARKS

HELLO = Benchmark("hello", "A greeting", ("hello.py", "--loud"), "What a script says, and `no more than that`.")
OUTCOME = Outcome(text="| said |", day="2026-01-01", machine="two cores", versions="torch 3", seconds=1.4)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "RESULTS", tmp_path / "results")


def test_the_committed_page_says_what_the_results_say() -> None:
    assert PAGE.read_text() == page(BENCHMARKS, GPU_BENCHMARKS)


def test_it_names_what_a_machine_with_a_gpu_needs() -> None:
    *others, last = NEEDED
    assert f"that has {', '.join(others)} and {last}." in " ".join(GPU_HEAD.split())


@pytest.mark.usefixtures("elsewhere")
def test_what_is_not_run_yet_says_so() -> None:
    assert "`python hello.py --loud`: not run yet." in page([HELLO], [])


@pytest.mark.usefixtures("elsewhere")
def test_what_is_run_is_shown_with_where() -> None:
    keep(HELLO, OUTCOME)
    shown = page([HELLO], [])
    assert "## A greeting" in shown and "| said |" in shown and "not run yet" not in shown.partition("## On a GPU")[0]
    assert "`python hello.py --loud`, 2026-01-01, two cores, torch 3, 1 s:" in shown


@pytest.mark.usefixtures("elsewhere")
def test_a_gpu_and_an_early_end_are_named() -> None:
    on_gpu = Outcome(
        text="", day="2026-01-01", machine="two cores", versions="torch 3", seconds=5.0, gpu="H200", ended="failed: x"
    )
    keep(HELLO, on_gpu)
    shown = page([], [HELLO]).partition("## On a GPU")[2]
    assert "### A greeting" in shown and "2026-01-01, H200, two cores, torch 3, 5 s, failed: x:" in shown


def test_lines_break_between_words_and_not_in_code() -> None:
    lines = wrapped("word " * 30 + "`code that is not broken` end")
    assert max(map(len, lines)) <= 100 and any("`code that is not broken`" in line for line in lines)
    wide = "`python benchmarks/some.py " + "tables/of/several/sizes.jsonl " * 4 + "--option`"
    assert len(wide) > 100 and len(wrapped(wide)) == 2 and " ".join(wrapped(wide)) == wide, (
        "code has no other place to break"
    )


def test_tables_stand_apart_from_wrapped_prose() -> None:
    words = "word " * 30
    lines = printed(f"{words.strip()}\n| a | b |\n|---|---|\n| {words} | 1 |\nend")
    assert [len(line) <= 100 for line in lines if not line.startswith("|")] == [True] * 5
    assert lines[2:] == ["", "| a | b |", "|---|---|", f"| {words} | 1 |", "", "end"]
