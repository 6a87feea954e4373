"""A study folder from a stranger: nothing outside of it is read, overwritten or waited for."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nas.errors import StudyError
from nas.results.own_files import NAMES, check_own


def linked(path: Path) -> None:
    target = path.parent.parent / "elsewhere"
    path.symlink_to(target)


PLANTS: dict[str, Callable[[Path], None]] = {
    "a link": linked,
    "a link to a folder": lambda path: path.symlink_to("/", target_is_directory=True),
    "a pipe": os.mkfifo,
}


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS.keys())
@pytest.mark.parametrize("name", [*NAMES, "trials/00003", "trials/00003/trial.json", "trials/00003/a/deeper"])
def test_what_is_no_file_of_the_study_is_refused(tmp_path: Path, name: str, plant: Callable[[Path], None]) -> None:
    path = tmp_path / "study" / name
    path.parent.mkdir(parents=True)
    plant(path)
    with pytest.raises(StudyError, match=f"{name}: must be a file or a folder of the study itself.* Remove it"):
        check_own(tmp_path / "study")


def test_a_study_may_be_reached_through_a_link_and_have_links_beside_it(tmp_path: Path) -> None:
    (tmp_path / "study/trials/00000").mkdir(parents=True)
    (tmp_path / "study/trials/00000/trial.json").touch()
    (tmp_path / "study/notes").symlink_to(tmp_path)
    (tmp_path / "shortcut").symlink_to(tmp_path / "study")
    check_own(tmp_path / "shortcut")
    check_own(tmp_path / "missing")
