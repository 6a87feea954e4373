"""The timing of the whole way, with steps that take no time."""

import sys
from pathlib import Path

import newcomer
import pytest

ROOT = Path(__file__).parents[2]


def test_the_way_goes_from_a_clone_to_a_verified_export() -> None:
    way = newcomer.steps(Path("/a folder/nas"), "python3.12", ["preset=smoke"])
    assert [step.command for step in way] == [
        "git clone --quiet '/a folder/nas' .",
        "python3.12 -m venv .venv",
        "pip install --quiet --disable-pip-version-check -c constraints.txt .",
        "nas search study=first preset=smoke",
        "nas show first",
        "nas export first --best knee --format flex --out chosen",
        "nas verify chosen",
    ]
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    for step in way[4:]:
        assert step.command in page, "the commands are those of the tutorial"


def test_each_step_is_timed_in_the_folder(tmp_path: Path) -> None:
    busy = "sum(n * n for n in range(2_000_000)); open('made', 'w')"
    way = [newcomer.Step(name=name, command=f'{sys.executable} -c "{busy}"') for name in ("one", "two")]
    taken = list(newcomer.walk(way, tmp_path))
    assert [step.name for step, _ in taken] == ["one", "two"]
    assert all(spent.cpu > 0 and spent.wall > 0 for _, spent in taken)
    assert (tmp_path / "made").is_file()


def test_what_is_installed_runs_and_not_what_lies_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    own = tmp_path / ".venv" / "bin" / "tool"
    own.parent.mkdir(parents=True)
    own.write_text('#!/bin/sh\n[ -z "$PYTHONPATH" ]\n')
    own.chmod(0o755)
    assert len(list(newcomer.walk([newcomer.Step(name="own", command="tool")], tmp_path))) == 1


def test_a_step_that_fails_ends_the_way_with_what_it_said(tmp_path: Path) -> None:
    failing = newcomer.Step(name="install", command=f"{sys.executable} -c \"raise SystemExit('no network')\"")
    with pytest.raises(SystemExit, match=r"install failed: .*\nno network"):
        list(newcomer.walk([failing, failing], tmp_path))
