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
