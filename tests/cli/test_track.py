"""`nas track`, and that what a search recorded as it went is what it makes of the folder."""

import json
import time
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from nas.cli.report import read_record
from nas.results.observer import Observer
from nas.results.study import StudyReader
from nas.results.trial import Trial
from nas.search.observers import Observers
from nas.search.settings import StudySettings
from nas.tasks.language.text import TextSettings
from nas.tracking.settings import TrackingSettings
from nas.tracking.wandb_tracker import WandbTracker
from tests.cli.conftest import run_toy
from tests.tracking.conftest import Written, read_run

pytestmark = pytest.mark.slow

SETTINGS = StudySettings(num_trials=16, confirm_seeds=1, task=TextSettings(num_tokens=64))


class LookingOn(Observer):
    """Reads the study's own run in W&B's files as soon as there is one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.seen: Written | None = None

    def trial_finished(self, trial: Trial) -> None:
        """See `Observer`; with this many trials the first recording is due."""
        give_up = time.monotonic() + 120
        while trial.number == 3 and self.seen is None and time.monotonic() < give_up:
            self.seen = runs_in(self._folder).get(self._folder.name)
            time.sleep(0.05)


def runs_in(folder: Path) -> dict[str, Written]:
    """The runs whose files are complete, by name."""
    found = {}
    for path in folder.glob("wandb/*run-*/*.wandb"):
        try:
            written = read_run(path)
        except (AssertionError, OSError):  # just being written, or replaced
            continue
        if written.exit_code is not None:
            found[written.run.display_name] = written
    return found


def content(written: Written) -> dict[str, Any]:
    """All that a run says; files are told apart by their digests."""
    return {
        "name": written.run.display_name,
        "group": written.run.run_group,
        "kind": written.run.job_type,
        "tags": list(written.run.tags),
        "config": {name: value for name, value in written.config.items() if name != "_wandb"},
        "charts": written.config.get("_wandb", {}).get("visualize"),
        "history": [_told(row) for row in _plain(written.history)],
        "summary": _told(_plain(written.summary)),
        "artifacts": {
            name: {entry.path: entry.digest for entry in artifact.manifest.contents}
            for name, artifact in written.artifacts.items()
        },
    }


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """What was recorded, without what W&B adds about the time."""
    return {name: value for name, value in row.items() if not name.startswith("_") or name == "_step"}


def _plain(value: Any) -> Any:
    """Without the places of files on this machine, which hold the time of writing."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items() if not name.endswith("path")}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def test_a_search_is_recorded_live_and_rebuilt_to_the_same(nas, tmp_path: Path) -> None:
    path = tmp_path / "toy"
    looking = LookingOn(path)
    tracker = WandbTracker(TrackingSettings(), lambda: read_record(StudyReader(path), "toy"), seconds_between=0)
    front = run_toy(path, replace(SETTINGS, study=str(path)), Observers((tracker, looking)))

    assert looking.seen is not None, "nothing was recorded while the search ran"
    assert looking.seen.summary["state"] == "running"
    assert 0 < len(looking.seen.history) <= 4 + 1 < len(front.hypervolume_by_trial)
    assert any("hypervolume" in row for row in looking.seen.history)

    live = {name: content(one) for name, one in runs_in(path).items()}
    points = {point.trial for point in front.points}
    tagged = {name for name, one in live.items() if "front" in one["tags"]}
    assert len(tagged) == len(points) > 0
    rmtree(path / "wandb")
    outcome = nas("track", str(path))
    assert (outcome.code, outcome.err) == (0, "")
    rebuilt = {name: content(one) for name, one in runs_in(path).items()}
    assert rebuilt.keys() == live.keys() and len(live) == len(list(path.glob("trials/*/trial.json"))) + 1
    for name, run in live.items():
        assert rebuilt[name] == run


def test_records_every_run_from_the_folder(nas, study: Path) -> None:
    outcome = nas("track", str(study))
    assert (outcome.code, outcome.err) == (0, "")
    num_trials = len(list(study.glob("trials/*/trial.json")))
    assert outcome.out.startswith(f"{num_trials + 1} runs recorded offline")
    assert len(list(study.glob("wandb/*run-*"))) == num_trials + 1
    assert json.loads((study / "front.json").read_text())["study"] in runs_in(study)
