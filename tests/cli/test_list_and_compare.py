"""`nas list` and `nas compare`: several studies from their folders alone."""

import json
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest


@pytest.fixture
def runs(study: Path, in_tmp_path: Path) -> Path:
    for name in ("one", "two"):
        copytree(study, in_tmp_path / "runs" / name)
    config = in_tmp_path / "runs" / "two" / "config.yaml"
    config.write_text(config.read_text().replace("sampler: ehvi", "sampler: tpe"))
    return in_tmp_path / "runs"


def test_every_study_is_listed(nas, runs: Path) -> None:
    outcome = nas("list")
    assert (outcome.code, outcome.err) == (0, "")
    studies, how_to_read = outcome.out.split("Bars: ")
    assert "0.5x = half" in how_to_read
    assert [line.split()[:2] for line in studies.splitlines() if not line.startswith(" ")] == [
        ["one", "ended"],
        ["two", "ended"],
    ]
    assert nas("list", str(runs)).out == outcome.out


def test_a_program_gets_plain_data(nas, runs: Path) -> None:
    first, _ = json.loads(nas("list", "--json").out)
    assert (first["study"], first["state"], first["seconds_left"]) == ("one", "ended", None)
    front = json.loads((runs / "one" / "front.json").read_text())
    assert [point["trial"] for point in first["points"]] == [point["trial"] for point in front["points"]]


def test_an_empty_and_a_missing_folder(nas, in_tmp_path: Path) -> None:
    assert nas("list").code == 2
    (in_tmp_path / "runs").mkdir()
    assert nas("list").out == "runs holds no study. Start one with nas search.\n"


def test_two_studies_are_compared(nas, runs: Path) -> None:
    outcome = nas("compare", "one", "two")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.count("100.0%") == 2 and "sampler" in outcome.out and "tpe" in outcome.out


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["one"], "STUDY: must name two or more different studies, got 'one'"),
        (["one", "one"], "STUDY: must name two or more different studies"),
        (["one", "three"], "study: must be a study that was started, got 'three'"),
        (["one", "two#3"], "must be a study without a trial"),
    ],
)
def test_what_cannot_be_compared_is_one_line(nas, runs: Path, words: list[str], line: str) -> None:
    outcome = nas("compare", *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert line in outcome.err and outcome.err.count("\n") == 1


def test_a_study_that_has_not_ended_is_not_compared(nas, runs: Path) -> None:
    (runs / "two" / "front.json").unlink()
    assert "has no front yet" in nas("compare", "one", "two").err


@pytest.mark.parametrize("words", [["list"], ["compare", "one", "two"]])
def test_they_are_light(runs: Path, words: list[str]) -> None:
    program = (
        "import sys\nfrom nas.cli.main import main\n"
        f"code = main({words!r})\n"
        "heavy = ('torch', 'optuna', 'lightning', 'hydra', 'wandb', 'matplotlib', 'scipy')\n"
        "print([name for name in heavy if name in sys.modules], code)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "[] 0"
