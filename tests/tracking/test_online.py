"""Runs sent at once, to a stand-in for W&B's server on this machine."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from nas.patterns.label import label
from nas.results.kept_bundle import KeptBundle
from nas.results.study import StudyReader
from nas.tracking.child import Child
from nas.tracking.rebuild import track_study
from nas.tracking.recorder import Recorder
from nas.tracking.runs.contents import all_runs
from nas.tracking.runs.trial import trial_run
from nas.tracking.settings import TrackingSettings
from tests.wandb_server import WandbServer, serving

pytestmark = pytest.mark.slow

QUALITY = "quality_projected"
"""What trials on text are compared by."""
TINY = (
    "preset=smoke",
    "num_trials=2",
    "task.num_tokens=32",
    "task.validation_sequences=16",
    "training.num_steps=10",
    "fidelity=off",  # longer runs would have their trials recorded a second time
)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch):
    with serving() as server:
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        monkeypatch.setenv("WANDB_API_KEY", "0123456789" * 4)
        yield server


def test_a_search_sends_every_trial_and_the_front(server: WandbServer, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nas.cli.main", "search", *TINY, "tracking=online", "workers=1"]
    done = subprocess.run([*command, f"runs_folder={tmp_path}"], capture_output=True, text=True, env=os.environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Pareto front of smoke" in done.stdout
    assert server.unknown == []

    arrived, trials = server.by_name(), StudyReader(tmp_path / "smoke").trials()
    names = [trial.baseline or f"{trial.number:05d} {label(trial.pattern)}" for trial in trials if trial.pattern]
    assert sorted(arrived) == sorted([*names, "smoke"])
    assert all(run.complete for run in arrived.values())
    for name, trial in zip(names, trials, strict=True):
        run = arrived[name]
        curve = [(one.step, one.quality) for one in trial.measurements]
        assert [(row["_step"], row["quality"]) for row in run.history] == curve
        assert (run.summary["state"], run.summary[QUALITY]) == (trial.state.value, trial.values[QUALITY])
        assert (run.config["trial"], run.config["training"]["num_steps"]) == (trial.number, 10)

    assert arrived["smoke"].summary["num_trials"] == len(trials)
    assert "smoke-front" in server.artifacts
    assert json.loads(server.files["smoke-front/front.json"]) == json.loads((tmp_path / "smoke/front.json").read_text())


def test_what_was_exported_is_sent_with_the_run_of_the_study(server: WandbServer, info, trials, record) -> None:
    files = {"bundle.json": b"{}", "picture.png": b"\x89PNG\xff"}
    exported = replace(record, bundles=(KeptBundle(name="00001-flex", files=files),))
    online = TrackingSettings(mode="online")
    assert track_study(info, trials[:2], record, online).num_missing == 0
    assert track_study(info, trials[:2], exported, online, fresh=False).num_missing == 0
    assert server.unknown == []
    assert {"long-text-front", "long-text-bundle-00001-flex"} <= server.artifacts
    for name, content in files.items():
        assert server.files[f"long-text-bundle-00001-flex/{name}"] == content


def test_a_server_that_goes_away_is_said_once_and_the_rest_counted(
    server: WandbServer, info, trials, caplog: pytest.LogCaptureFixture
) -> None:
    runs = [trial_run(info, trial) for trial in trials[:3]]
    recorder = Recorder(TrackingSettings(mode="online"), info.folder, seconds_per_run=5)
    recorder.submit(lambda: runs[0])
    while not any(run.complete for run in server.runs.values()):
        time.sleep(0.01)
    server.leave()
    recorded = recorder.finish(runs)
    assert (recorded.num_runs, recorded.num_missing) == (3, 2)
    [message] = [record.getMessage() for record in caplog.records]
    assert message.startswith("tracking: W&B did not record ") and message.endswith("The search continues.")


@pytest.mark.parametrize(
    ("nonsense", "delay_seconds"), [(b"<html>It works!</html>", 0.0), (None, 60.0)], ids=["a page", "nothing"]
)
def test_a_server_that_answers_nonsense_or_late_is_said_once_and_left(
    server: WandbServer,
    info,
    trials,
    caplog: pytest.LogCaptureFixture,
    nonsense: bytes | None,
    delay_seconds: float,
) -> None:
    server.nonsense, server.delay_seconds = nonsense, delay_seconds
    recorder = Recorder(TrackingSettings(mode="online"), info.folder, seconds_per_run=5)
    recorded = recorder.finish(all_runs(info, trials, None)[:1])
    assert (recorded.num_runs, recorded.num_missing) == (1, 1)
    [message] = [record.getMessage() for record in caplog.records]
    assert message.startswith("tracking: W&B did not record ") and message.endswith("The search continues.")
    assert recorded.first_failure and recorded.first_failure in message
    assert "\n" not in message and "0123456789" not in message


def test_settings_that_appear_in_the_study_decide_nothing(
    info, trials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W&B reads settings from the working directory, so a planted address there would get the key."""
    with serving() as thief, serving() as own:
        config = tmp_path / "home/.config/wandb/settings"
        config.parent.mkdir(parents=True)
        config.write_text(f"[default]\nbase_url = {own.url}\n")
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        monkeypatch.delenv("WANDB_BASE_URL", raising=False)
        monkeypatch.setenv("WANDB_API_KEY", "0123456789" * 4)
        child = Child(TrackingSettings(mode="online"), info.folder, 30)
        planted = info.folder / "wandb/settings"  # only now, since a child refuses to start with it
        planted.parent.mkdir()
        planted.write_text(f"[default]\nbase_url = {thief.url}\n")
        child.record(trial_run(info, trials[0]))
        child.close()
    assert (thief.requests, thief.runs) == (0, {})
    assert [received.complete for received in own.runs.values()] == [True]
