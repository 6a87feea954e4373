"""Folders of YAML files and the choices that they offer."""

import os
from pathlib import Path

import pytest

from nas.config import folder
from nas.config.folder import PRIMARY, PROXY_TARGET, check_choice, check_config_dir, choices, find_conf
from nas.config.keys import GROUPS
from nas.errors import InputError, NasError


def test_the_shipped_folder_has_the_main_file_and_every_group() -> None:
    assert (find_conf() / f"{PRIMARY}.yaml").is_file()
    assert {path.name for path in find_conf().iterdir() if path.is_dir()} == set(GROUPS)


def test_an_installation_without_its_folder_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(folder, "__file__", str(tmp_path / "nas" / "config" / "folder.py"))
    with pytest.raises(NasError, match=r"^installation: no conf folder .*Install nas again"):
        find_conf()


@pytest.mark.parametrize("group", GROUPS)
def test_every_choice_is_a_file_of_its_group(group: str) -> None:
    names = set(choices(group))
    assert names - {PROXY_TARGET} == {path.stem for path in (find_conf() / group).iterdir()}
    assert (PROXY_TARGET in names) == (group == "target")
    for name in names:
        check_choice(group, name)


def test_a_folder_of_the_user_adds_its_choices_after_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "task").mkdir()
    (tmp_path / "task" / "notes.yaml").write_text("name: text\n")
    check_config_dir(tmp_path)
    assert choices("task", tmp_path) == [*choices("task"), "notes"]
    check_choice("task", "notes", tmp_path)
    with pytest.raises(InputError, match=r"^task: unknown choice; .*Did you mean 'notes'"):
        check_choice("task", "note", tmp_path)


def test_every_file_that_can_be_chosen_is_checked(tmp_path: Path) -> None:
    (tmp_path / "preset").mkdir()
    (tmp_path / "preset" / "mine.yaml").write_text("a: &a [1]\nb: *a\n")
    with pytest.raises(InputError, match=r"mine\.yaml:2: must not refer to an anchor"):
        check_config_dir(tmp_path)


@pytest.mark.parametrize("name", ["space/hybrid.yaml", "space/own.yaml", "target/proxy.yaml", "config.yaml"])
def test_a_file_that_would_not_be_read_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    with pytest.raises(InputError, match=f"^--config-dir: must not repeat the name of a shipped file, got '{name}'"):
        check_config_dir(tmp_path)


def test_a_folder_that_sets_hydra_itself_is_refused(tmp_path: Path) -> None:
    """Hydra reads `hydra/config.yaml` from any folder of its search path, and what its defaults list names."""
    (tmp_path / "hydra").mkdir()
    (tmp_path / "hydra" / "config.yaml").write_text("job: {name: '${oc.env:HOME}'}\n")
    with pytest.raises(InputError, match=r"^--config-dir: must not set Hydra itself, got 'hydra'\. Remove this folder"):
        check_config_dir(tmp_path)


def test_what_is_no_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "preset" / "folder.yaml").mkdir(parents=True)
    os.mkfifo(tmp_path / "preset" / "pipe.yaml")
    check_config_dir(tmp_path)


def test_a_file_that_is_not_chosen_may_be_broken(tmp_path: Path) -> None:
    (tmp_path / "preset").mkdir()
    (tmp_path / "preset" / "mine.yaml").write_bytes(b"\xff: [")
    check_config_dir(tmp_path)
