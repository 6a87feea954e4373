"""A study folder from a stranger, given to commands: nothing outside of it is read, written or sent."""

import os
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest

from nas.results.study import read_front
from tests.cli.conftest import Nas


@pytest.fixture
def strange(study: Path, tmp_path: Path) -> Path:
    """A copy of a study, to do things to."""
    return copytree(study, tmp_path / "strange")


COMMANDS = [
    ["show"],
    ["show", "--json"],
    ["report"],
    ["export", "--format", "flex", "--out", "x"],
    ["track"],
    ["draw"],
    ["cost", "--tokens", "64"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("name", ["front.json", "trials/00000/trial.json", "config.yaml"])
def test_nothing_is_read_through_a_link(
    nas: Nas, strange: Path, tmp_path: Path, in_tmp_path: Path, name: str, command: list[str]
) -> None:
    (tmp_path / "secret").write_text("token: hunter2-hunter2")
    (strange / name).unlink()
    (strange / name).symlink_to(tmp_path / "secret")
    named = f"{strange}#0" if command[0] in ("draw", "cost") else str(strange)
    outcome = nas(command[0], named, *command[1:])
    assert (outcome.code, outcome.out) == (2, "")
    assert f"{name}: must be a file or a folder of the study itself, not a link" in outcome.err
    assert "hunter2" not in outcome.err and outcome.err.count("\n") == 1


@pytest.mark.parametrize("plant", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "device"])
def test_nothing_is_waited_for(nas: Nas, strange: Path, plant: Callable[[Path], None]) -> None:
    (strange / "front.json").unlink()
    plant(strange / "front.json")
    assert nas("show", str(strange)).code == 2


def test_a_front_that_the_user_names_may_be_a_link(strange: Path, tmp_path: Path) -> None:
    (tmp_path / "front.json").symlink_to(strange / "front.json")
    assert read_front(tmp_path / "front.json") == read_front(strange)


PLANTS: dict[str, Callable[[Path, Path], object]] = {
    "lock": lambda path, outside: path.symlink_to(outside / "thesis"),
    "lease": lambda path, outside: path.symlink_to(outside),
    "identity.json": lambda path, outside: path.symlink_to(outside / "thesis"),
    "front.png": lambda path, outside: path.symlink_to(outside / "thesis"),
    "report.html": lambda path, outside: path.symlink_to(outside / "thesis"),
    "data.json": lambda path, outside: path.symlink_to("/dev/zero"),
    "study.db": lambda path, outside: path.symlink_to(outside / "thesis"),
    "trials/00001": lambda path, outside: path.symlink_to(outside),
    "trials/00002/checkpoint-1.pt": lambda path, outside: os.mkfifo(path),
    "wandb/settings": lambda path, outside: path.write_text("[default]\nbase_url = https://example.org\n"),
    "config.yaml": lambda path, outside: path.write_text("a: &a [1]\nb: [*a, *a]\n"),
}


@pytest.mark.parametrize("verb", ["search", "show", "report", "export", "track"])
def test_a_study_with_everything_in_it_is_refused_until_it_is_clean(
    nas: Nas, strange: Path, tmp_path: Path, in_tmp_path: Path, verb: str
) -> None:
    """One line names what to remove; whatever else is there, nothing outside changes."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "thesis").write_text("precious")
    for name, plant in PLANTS.items():
        path = strange / name
        path.parent.mkdir(exist_ok=True)
        if path.is_dir():
            path.rename(path.with_name("moved"))
        path.unlink(missing_ok=True)
        plant(path, outside)
    words = {
        "search": ["search", f"study={strange}", "tracking=none", "device=cpu", "workers=1", "task.num_tokens=64"],
        "show": ["show", str(strange)],
        "report": ["report", str(strange)],
        "export": ["export", str(strange), "--best", "knee", "--format", "flex", "--out", str(tmp_path / "out")],
        "track": ["track", str(strange), "--mode", "offline"],
    }[verb]
    for _ in PLANTS:
        outcome = nas(*words)
        assert outcome.code in (0, 2), outcome.err
        assert {path.name: path.read_text() for path in outside.iterdir()} == {"thesis": "precious"}
        if outcome.code == 0:
            break
        assert outcome.err.count("\n") == 1 and outcome.err.startswith("nas: error: ")
        found = [name for name in PLANTS if f"{strange / name}" in outcome.err]
        if not found:
            break
        (strange / found[0]).unlink()
    left = {name for name in PLANTS if (strange / name).is_symlink() or (strange / name).is_fifo()}
    assert left <= {"study.db"}, "links and pipes are all named, one after the other"
