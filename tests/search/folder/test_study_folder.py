"""The study folder: names, locks, whole files."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from nas.errors import InputError, PatternError, StudyError
from nas.files import read_json, write_json
from nas.search.folder.study_folder import StudyFolder, study_path
from nas.search.samplers.asking import Suggestion
from nas.search.samplers.proposal import Proposal
from nas.space.baselines import BASELINES
from nas.space.space import Shape

PATTERN = BASELINES["bigbird"](Shape(num_layers=2, num_heads=4, num_tokens=64, causal=True))


def test_a_study_is_a_name_or_a_path(tmp_path: Path) -> None:
    assert study_path("night-1", "runs") == Path("runs/night-1")
    assert study_path(f"{tmp_path}/x") == tmp_path / "x"
    for bad in ("", ".hidden", "a b", "-x", "ä"):
        with pytest.raises(InputError, match=r"^study: must be a name of letters"):
            study_path(bad)


def test_a_missing_study_names_those_that_are_there(tmp_path: Path) -> None:
    StudyFolder(tmp_path / "one").write_settings({"seed": 1})
    with pytest.raises(StudyError, match=r"got 'two'. Known under .*: one\."):
        StudyFolder.existing("two", str(tmp_path))


def hold(path: Path, ready: "multiprocessing.synchronize.Event") -> None:
    with StudyFolder(path).locked():
        ready.set()
        time.sleep(60)


def test_a_second_driver_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Event()
    holder = spawn.Process(target=hold, args=(tmp_path, ready))
    holder.start()
    try:
        assert ready.wait(60)
        with (
            pytest.raises(StudyError, match=f"is being driven by process {holder.pid}"),
            StudyFolder(tmp_path).locked(),
        ):
            pass
        assert holder.pid is not None
        os.kill(holder.pid, signal.SIGKILL)
        holder.join()
        with StudyFolder(tmp_path).locked():
            pass
    finally:
        holder.kill()
        holder.join()


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"x": 1})
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert read_json(tmp_path / "a.json") == {"x": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_proposal_comes_back_as_it_was(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path)
    good = Proposal(Suggestion({"w": 3}, {"w": "{}"}, {"g": [1]}), PATTERN, {"w": 16})
    flawed = Proposal(Suggestion({"w": 4}), None, flaw="layers[0]: no")
    folder.write_proposal(3, good)
    folder.write_proposal(4, flawed)
    assert folder.read_proposal(3) == good
    assert folder.read_proposal(4) == flawed
    assert folder.read_proposal(5) is None


def test_a_damaged_pattern_is_named(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path)
    folder.write_proposal(0, Proposal(Suggestion(), PATTERN))
    (folder.trial_path(0) / "pattern.json").write_text("{")
    with pytest.raises(PatternError, match=r"00000/pattern\.json"):
        folder.read_proposal(0)


def test_what_is_not_there_yet_is_said(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path)
    with pytest.raises(StudyError, match="has no front yet"):
        folder.front()
    with pytest.raises(StudyError, match="trial: must be one of"):
        folder.trial(3)
    assert folder.settings_document() is None
    (tmp_path / "config.yaml").write_text("- 1\n")
    with pytest.raises(StudyError, match="must hold the settings"):
        folder.settings_document()
