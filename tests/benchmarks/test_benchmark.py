"""A benchmark is a process with a limit, and what it printed is kept."""

import os
import time
from pathlib import Path

import benchmark
import pytest
from benchmark import Benchmark, Outcome, keep, known, measure

BEFORE = Outcome(text="before", day="2026-01-01", machine="m", versions="v", seconds=1.0)


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(benchmark, "RESULTS", tmp_path / "results")
    return tmp_path / "results"


def script(text: str, limit_s: float = 60.0) -> Benchmark:
    return Benchmark("hello", "A greeting", ("-c", text), "What a script says.", limit_s)


def test_what_is_printed_is_kept() -> None:
    hello = script("print('| hello |')")
    keep(hello, measure(hello, "a GPU"))
    outcome = known(hello)
    assert outcome is not None
    assert (outcome.text, outcome.gpu, outcome.ended) == ("| hello |", "a GPU", "")
    assert "cores, load" in outcome.machine and "torch" in outcome.versions


def test_the_time_of_all_its_processes_is_counted() -> None:
    work = "import time\nwhile time.process_time() < 0.3: pass"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}])"
    assert measure(script(child), "").cpu_seconds >= 0.3


def test_a_failure_keeps_what_was_printed_before_it_and_says_why() -> None:
    outcome = measure(script("print('first', flush=True); raise ValueError('no more')"), "")
    assert (outcome.text, outcome.ended) == ("first", "failed: ValueError: no more")


def test_the_limit_ends_it_with_all_that_it_started(tmp_path: Path) -> None:
    started = tmp_path / "pid"
    child = f"import os, time; open({str(started)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    text = f"import subprocess, sys; print('first', flush=True); subprocess.run([sys.executable, '-c', {child!r}])"
    outcome = measure(script(text, limit_s=5.0), "")
    assert (outcome.text, outcome.ended) == ("first", "stopped at its limit of 5 s")
    assert not started.exists() or is_gone(int(started.read_text()))


def is_gone(pid: int) -> bool:
    """Whether a process ends within some seconds, or is a zombie that nobody waits for."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (ProcessLookupError, FileNotFoundError):
            return True
        if state == "Z":
            return True
        time.sleep(0.1)
    return False


def test_what_ends_early_replaces_nothing_that_did_not() -> None:
    hello = script("")
    keep(hello, BEFORE)
    failed = Outcome(text="", day="2026-01-02", machine="m", versions="v", seconds=1.0, ended="failed: x")
    keep(hello, failed)
    assert known(hello) == BEFORE
    other = Benchmark("other", "Another", ("-c", ""), "It says nothing.")
    keep(other, failed)
    assert known(other) == failed
