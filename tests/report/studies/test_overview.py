"""Studies at a glance: ended, running, stopped, and folders that are none."""

import json
import os
from pathlib import Path
from shutil import copytree

import pytest

from nas.errors import InputError
from nas.report.studies.list_table import list_document, list_lines
from nas.report.studies.overview import StudyState, studies_in, study_overview
from nas.results.codec import to_document
from nas.results.lock import locked
from nas.results.progress import Stage, StudyProgress
from nas.results.study import read_front
from tests.cli.conftest import study  # noqa: F401  the folder of an ended study

NOW = 1_000_000.0


@pytest.fixture
def folder(study: Path, tmp_path: Path) -> Path:  # noqa: F811
    """A study that has ended, and the same without its front and with the progress of a search."""
    copytree(study, tmp_path / "ended")
    copytree(study, tmp_path / "other")
    (tmp_path / "other" / "front.json").unlink()
    progress = StudyProgress(
        stage=Stage.CHECKING,
        objectives=read_front(study).objectives,
        num_done=12,
        num_expected=40,
        share_done=0.3,
        seconds_left=600.0,
        trials_per_hour=None,
        num_workers=2,
        written_at=NOW - 60,
        runs=(),
    )
    (tmp_path / "other" / "progress.json").write_text(json.dumps(to_document(progress)))
    return tmp_path


def test_an_ended_study_has_its_front(folder: Path) -> None:
    front, found = read_front(folder / "ended"), study_overview(folder / "ended", NOW)
    assert (found.state, found.problem) == (StudyState.ENDED, "")
    assert [one.trial for one in found.points] == [point.trial for point in front.points]
    assert found.points[0].values["quality"] == front.points[0].worth("quality")
    assert found.compromise.trial == front.nearest_to_ideal(front.objectives).trial
    assert found.num_done == found.num_expected == sum(front.trials.values())
    assert len(found.volumes) == found.num_done and found.volumes[-1] == 1


def test_a_running_study_has_its_front_so_far_and_the_time_left(folder: Path) -> None:
    with locked(folder / "other"):
        found = study_overview(folder / "other", NOW)
    assert (found.state, found.stage) == (StudyState.RUNNING, "checking the ranking")
    assert (found.num_done, found.num_expected) == (12, 40)
    assert found.seconds_left == 540, "a minute has passed since it was written"
    assert {one.trial for one in found.points} <= {one.trial for one in read_front(folder / "ended").points}
    assert found.volumes[-1] == 1 and list(found.volumes) == sorted(found.volumes)


def test_a_stopped_study_says_nothing_of_the_time_left(folder: Path) -> None:
    found = study_overview(folder / "other", NOW)
    assert (found.state, found.seconds_left, found.num_expected) == (StudyState.STOPPED, None, 40)
    assert found.points and found.compromise is None


def test_a_study_without_progress_is_counted(folder: Path) -> None:
    (folder / "other" / "progress.json").unlink()
    found = study_overview(folder / "other", NOW)
    assert (found.state, found.num_expected, found.points) == (StudyState.STOPPED, None, ()) and found.num_done > 8
    with locked(folder / "other"):
        assert study_overview(folder / "other", NOW).state is StudyState.RUNNING


def _plant(folder: Path) -> None:
    """Everything that a folder of studies should not have in it."""
    outside = folder.parent / f"{folder.name}-outside"
    copytree(folder / "ended", outside)
    (folder / "link").symlink_to(outside)
    (folder / "empty").mkdir()
    (folder / "\x1b[2Jevil").mkdir()
    (folder / "file").write_text("")
    copytree(folder / "ended", folder / "inner-link")
    (folder / "inner-link" / "trials" / "00001" / "trial.json").unlink()
    (folder / "inner-link" / "trials" / "00001" / "trial.json").symlink_to(outside / "front.json")
    copytree(folder / "ended", folder / "damaged")
    (folder / "damaged" / "front.json").write_text('{"schema": "nas.front/1", "study": 1}')
    copytree(folder / "other", folder / "pipe")
    (folder / "pipe" / "progress.json").unlink()
    os.mkfifo(folder / "pipe" / "progress.json")


def test_what_is_strange_has_its_line_and_breaks_nothing(folder: Path) -> None:
    _plant(folder)
    found = {one.name: one for one in studies_in(folder, NOW)}
    assert "file" not in found and found["ended"].state is StudyState.ENDED
    strange = {name: one.problem for name, one in found.items() if one.state is StudyState.UNREADABLE}
    assert strange.keys() == {"link", "empty", "\ufffd[2Jevil", "inner-link", "damaged", "pipe"}
    assert strange["link"] == "It is a link, and links are not followed."
    assert strange["empty"] == "It is no study: it has no config.yaml."
    assert "must be a file or a folder of the study itself" in strange["inner-link"]
    assert "front.json: must hold what nas search wrote" in strange["damaged"]
    assert not any("\n" in problem or "\x1b" in problem for problem in strange.values())


@pytest.mark.parametrize("width", [40, 80])
def test_the_list_is_no_wider_than_asked_for(folder: Path, width: int) -> None:
    _plant(folder)
    studies = studies_in(folder, NOW)
    lines = [line.plain for line in list_lines(studies, width)]
    assert max(map(len, lines)) <= width
    words = " ".join(" ".join(lines).split())
    assert "ended ended" in words and "knee: trial" in words and "9/40 trials" not in words
    json.dumps(list_document(studies), allow_nan=False)


def test_no_folder_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a long path would be cut
    with pytest.raises(InputError, match=r"^FOLDER: must be a folder of studies, got 'none \(No such file"):
        studies_in(Path("none"), NOW)
