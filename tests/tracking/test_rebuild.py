"""What a study leaves in W&B's own files, read back record by record."""

import dataclasses
import json
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from nas.errors import InputError
from nas.patterns.file import load_pattern
from nas.patterns.label import label
from nas.results.codec import from_document
from nas.results.front import Front
from nas.tracking.rebuild import track_study
from nas.tracking.settings import TrackingSettings

OFFLINE = TrackingSettings(project="patterns", entity="team")


@pytest.fixture(scope="session")
def names(trials) -> list[str]:
    """What the runs of the trials are called: two are never trained, one has no pattern."""
    sampled = [f"{trial.number:05d} {label(trial.pattern)}" if trial.pattern else "00002" for trial in trials]
    return ["full", *sampled[1:]]


@pytest.fixture(scope="module")
def recorded(make_info, trials, record, read_runs, tmp_path_factory):
    info = make_info(tmp_path_factory.mktemp("recorded"))
    assert track_study(info, trials, record, OFFLINE).num_missing == 0
    return read_runs(info.folder)


def test_there_is_one_run_a_trial_and_one_for_the_study(recorded, names):
    assert set(recorded) == {"long-text", *names}
    kinds = {name: (written.run.job_type, written.run.run_group) for name, written in recorded.items()}
    assert kinds["full"] == ("baseline", "long-text")
    assert kinds[names[1]] == ("trial", "long-text")
    assert kinds["long-text"] == ("study", "long-text")
    assert all((run.run.project, run.run.entity, run.exit_code) == ("patterns", "team", 0) for run in recorded.values())


def test_a_trial_keeps_its_pattern_its_parameters_and_the_settings_as_config(recorded, names):
    config = recorded[names[1]].config
    assert config["layer0"]["group0"]["window"]["before"] == 5
    assert config["layer0"]["group0"]["attend"] == "window+global"
    assert config["layer1"]["group0"]["count"] == 4
    assert config["params"]["layer0"]["window"] == 5
    assert config["training"]["learning_rate"] == 4e-3
    assert config["task"]["name"] == "text"


def test_a_trial_keeps_the_curve_of_every_seed_by_step(recorded, names):
    history = recorded[names[1]].history
    assert [row["_step"] for row in history] == [100, 200]
    assert [row["quality"] for row in history] == pytest.approx([3.0, 2.4])
    assert [row["train_loss"] for row in history] == pytest.approx([1.5, 1.2])
    assert [row["seed1/quality"] for row in history] == pytest.approx([4.0, 2.41])


def test_a_trial_keeps_objectives_state_cost_and_pattern_id_as_summary(recorded, names, trials):
    summary = recorded[names[1]].summary
    assert {name: summary[name] for name in trials[1].values} == pytest.approx(trials[1].values)
    assert summary["state"] == "finished"
    assert summary["cost/attention_flops"] == 12800
    assert (summary["pattern_id"], summary["label"]) == (trials[1].pattern.id, label(trials[1].pattern))
    assert summary["wall_seconds"] == pytest.approx(3.0)


def test_trials_that_were_not_trained_to_the_end_say_why(recorded, names):
    assert recorded[names[2]].summary["state"] == "impossible"
    assert recorded[names[2]].summary["reason"].startswith("heads[0].count")
    assert recorded[names[3]].summary["state"] == "diverged"
    assert [row["_step"] for row in recorded[names[3]].history] == [100]
    assert recorded[names[4]].summary["duplicate_of"] == 1


def test_the_study_keeps_hypervolume_tables_plots_and_the_front(recorded, trials, front):
    study = recorded["long-text"]
    volumes = {row["_step"]: row["hypervolume"] for row in study.history if "hypervolume" in row}
    assert volumes == dict(front.hypervolume_by_trial)
    assert study.summary["num_diverged"] == 1

    every = _columns(study, "trials")
    assert every["state"] == [trial.state.value for trial in trials]
    assert every["label"] == [label(trial.pattern) if trial.pattern else None for trial in trials]
    assert every["kind"] == ["baseline", "front", "other", "other", "other"]
    assert every["param_layer0_window"] == [None, 5, None, None, None]
    points = _columns(study, "front")
    assert all(one["_type"] == "image-file" and one["width"] <= 264 for one in points["picture"])
    assert points["trial"] == [1, 0]
    assert points["on_front"] == [True, False]
    assert points["quality"] == pytest.approx([2.4, 2.5])
    assert points["label"] == [label(trials[1].pattern), label(trials[0].pattern)]
    assert "attend" not in every | points

    assert _columns(study, "importance") == {"parameter": ["layer0.window"], "share": [0.4], "best_value": ["5"]}
    assert _columns(study, "rungs")["num_reached"] == [2, 2, 0]
    assert _columns(study, "curves")["num_steps"] == [100, 200, 100, 200]
    checks = _columns(study, "health")
    assert checks["question"][0] == "Did sampled patterns beat every baseline?"
    assert sum(value for name, value in study.summary.items() if name.startswith("checks/")) == len(checks["question"])
    assert study.summary["front_picture/_type"] == "image-file"

    panels = json.dumps(study.config)
    assert "Which parameters matter" in panels and "quality by layer0.window" in panels
    assert "Pareto front: quality by flops" in panels
    assert "Pareto front: quality by kv_cache_bytes" in panels

    kept = study.artifacts["long-text-front"]
    assert kept.type == "pareto-front"
    assert from_document(_document(kept, "front.json"), Front) == front
    assert load_pattern(_document(kept, "patterns/00001.json")) == trials[1].pattern


def test_a_rebuild_takes_the_place_of_what_was_there(info, trials, read_runs):
    track_study(info, trials[:1], None, OFFLINE)
    foreign = info.folder / "wandb" / "offline-run-20200101_000000-foreign"
    foreign.mkdir()
    before = read_runs(info.folder)["full"]
    track_study(info, [replace(trials[0], reason="mended")], None, OFFLINE)
    after = read_runs(info.folder)["full"]
    assert before.run.run_id == after.run.run_id
    assert (before.summary["reason"], after.summary["reason"]) == ("", "mended")
    assert foreign.is_dir()


def test_no_credential_and_no_command_line_lands_in_any_file(info, trials, monkeypatch, read_runs):
    monkeypatch.setattr(sys, "argv", ["nas", "search", "storage=postgres://me:hunter2@db/nas"])
    monkeypatch.setenv("DB_PASSWORD", "correct-horse-battery")
    monkeypatch.setenv("WANDB_API_KEY", "0123456789abcdef" * 3)
    options = {"url": "https://me:hunter2@host/x", "api_key": "swordfish", "note": "pwd=hunter2"}
    info = dataclasses.replace(info, settings=info.settings | {"space": info.settings["space"] | {"options": options}})
    failed = replace(trials[2], reason="cannot reach db with correct-horse-battery")
    assert track_study(info, [trials[0], failed], None, OFFLINE).num_missing == 0
    written = b"".join(path.read_bytes() for path in info.folder.rglob("*") if path.is_file())
    assert b"https://(redacted)@host/x" in written
    for secret in (b"hunter2", b"swordfish", b"correct-horse", b"0123456789abcdef", b"postgres"):
        assert secret not in written
    assert all(not run.run.host for run in read_runs(info.folder).values())


def test_mode_none_cannot_record(info, trials):
    with pytest.raises(InputError, match="tracking: must be offline or online"):
        track_study(info, trials, None, TrackingSettings(mode="none"))
    assert not any(info.folder.iterdir())


def _columns(written, table: str) -> dict[str, list]:
    [artifact] = [
        artifact
        for name, artifact in written.artifacts.items()
        if name.endswith(f"-{table}") and artifact.type == "run_table"
    ]
    document = _document(artifact, f"{table}.table.json")
    return {name: [row[index] for row in document["data"]] for index, name in enumerate(document["columns"])}


def _document(artifact, path: str):
    [entry] = [entry for entry in artifact.manifest.contents if entry.path == path]
    return json.loads(Path(entry.local_path).read_text())
