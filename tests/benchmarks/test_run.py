"""Which benchmarks are run, and what is said where they cannot be."""

import sys
from datetime import date
from pathlib import Path

import benchmark
import pytest
import run
from benchmark import ROOT, Benchmark, Outcome, known, versions
from gpu.catalog import GPU_BENCHMARKS
from run import BENCHMARKS

STAGES = tuple(Benchmark(name, name, ("-c", ""), "About.") for name in ("first", "second"))


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the page is written."""
    monkeypatch.setattr(run, "PAGE", tmp_path / "benchmarks.md")
    return tmp_path / "benchmarks.md"


@pytest.fixture
def measured(tmp_path: Path, page: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is measured, in order, on a machine with a GPU; `second` fails."""
    names: list[str] = []

    def measure(one: Benchmark, gpu: str) -> Outcome:
        names.append(one.name)
        ended = "failed: x" if one.name == "second" else ""
        day = date.today().isoformat()
        return Outcome(
            text="said", day=day, machine="m", versions=versions(), seconds=20.0, cpu_seconds=9.0, gpu=gpu, ended=ended
        )

    monkeypatch.setattr(benchmark, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(run, "GPU_BENCHMARKS", STAGES)
    monkeypatch.setattr(run, "gpu_name", lambda: "H200")
    monkeypatch.setattr(run, "measure", measure)
    return names


def test_every_benchmark_is_there_and_has_a_name_of_its_own() -> None:
    every = (*BENCHMARKS, *GPU_BENCHMARKS)
    assert all((ROOT / one.arguments[0]).is_file() for one in BENCHMARKS)
    assert all((ROOT / one.arguments[1].replace(".", "/")).with_suffix(".py").is_file() for one in GPU_BENCHMARKS)
    assert len({one.name for one in every}) == len(every)


def test_without_a_gpu_one_line_says_so(
    measured: list[str], page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "gpu_name", lambda: "")
    assert run.main(["--gpu"]) == 2
    assert capsys.readouterr().err == (
        "run.py: --gpu needs a CUDA device, and torch finds none here. Use make bench.\n"
    )
    assert not measured and not page.exists()


def test_a_library_that_no_stage_can_do_without_is_named_at_once(
    measured: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "NEEDED", ("torch", "not_there", "nor_this"))
    assert run.main(["--gpu"]) == 2
    assert capsys.readouterr().err == f"run.py: --gpu needs not_there, nor_this, not installed in {sys.executable}.\n"
    assert not measured


def test_a_second_call_goes_on_with_what_did_not_come_to_its_end(measured: list[str], page: Path) -> None:
    assert run.main(["--gpu"]) == 1
    assert run.main(["--gpu"]) == 1
    assert measured == ["first", "second", "second"]
    assert "### second" in page.read_text()


def test_the_time_of_each_and_of_all_is_shown(measured: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run.main(["--gpu"])
    assert capsys.readouterr().out.splitlines() == [
        "1/2 first: -c ",
        "    took 20 s (9 s of CPU time); 20 s so far (9 s)",
        "2/2 second: -c ",
        "    took 20 s (9 s of CPU time); 40 s so far (18 s)",
    ]


def test_another_gpu_another_day_and_a_name_measure_anew(measured: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    run.main(["--gpu", "--only", "first"])
    run.main(["--gpu", "--only", "first"])
    assert measured == ["first", "first"]
    assert run.is_done(STAGES[0], "H200") and not run.is_done(STAGES[0], "H100")
    monkeypatch.setattr(run, "versions", lambda: "another torch")
    assert not run.is_done(STAGES[0], "H200")


def test_an_unknown_name_is_refused(measured: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run.main(["--gpu", "--only", "third"])
    assert ended.value.code == 2 and "third is none of first, second" in capsys.readouterr().err
    assert not measured and known(STAGES[0]) is None


def test_the_page_alone_runs_nothing(measured: list[str], page: Path) -> None:
    assert run.main(["--page"]) == 0
    assert not measured and "not run yet" in page.read_text()
