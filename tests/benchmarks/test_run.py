"""The page of benchmarks is made of what they printed."""

from pathlib import Path

import pytest
import run
from run import BENCHMARKS, HERE, PAGE, Benchmark, Outcome, keep, measure, page, wrapped

HELLO = Benchmark("hello", "A greeting", ("hello.py", "--loud"), "What a script says, and `no more than that`.")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(run, "HERE", tmp_path)
    monkeypatch.setattr(run, "RESULTS", tmp_path / "results")
    (tmp_path / "hello.py").write_text("import sys; print('| said |\\n|---|\\n| hello', *sys.argv[1:], '|')\n")
    return tmp_path


def test_the_committed_page_says_what_the_results_say() -> None:
    assert PAGE.read_text() == page(BENCHMARKS)


def test_every_benchmark_is_a_script_that_is_there() -> None:
    assert all((HERE / one.arguments[0]).is_file() for one in BENCHMARKS)
    assert len({one.name for one in BENCHMARKS}) == len(BENCHMARKS)


def test_what_is_not_run_yet_says_so(elsewhere: Path) -> None:
    assert "`python benchmarks/hello.py --loud`: not run yet." in page([HELLO])


def test_what_is_run_is_kept_and_shown(elsewhere: Path) -> None:
    keep(HELLO, measure(HELLO))
    shown = page([HELLO])
    assert "## A greeting" in shown and "| hello --loud |" in shown and "not run yet" not in shown
    assert "cores, load" in shown and "torch" in shown


def test_a_benchmark_that_fails_keeps_what_was_known(elsewhere: Path) -> None:
    keep(HELLO, Outcome(text="before", day="2026-01-01", machine="m", versions="v", seconds=1.0))
    (elsewhere / "hello.py").write_text("raise SystemExit(3)\n")
    with pytest.raises(Exception, match="exit status 3"):
        measure(HELLO)
    assert "before" in page([HELLO])


def test_lines_break_between_words_and_not_in_code() -> None:
    lines = wrapped("word " * 30 + "`code that is not broken` end")
    assert max(map(len, lines)) <= 100 and any("`code that is not broken`" in line for line in lines)
