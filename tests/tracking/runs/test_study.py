"""The run of the study itself as plain data."""

import json
from base64 import b64decode
from dataclasses import replace as replace_fields

from msgspec.structs import replace

from nas.results.insight import Level, ParameterEffect
from nas.results.kept_bundle import KeptBundle
from nas.tracking.runs.run import Run
from nas.tracking.runs.study import MOST_PLOTTED, running_run, study_run
from tests.fronts import make_fidelity, make_front
from tests.records import make_insight, make_record


def judged(info, **changes) -> Run:
    return study_run(info, make_record(make_front(**changes)))


def test_it_says_how_far_the_ranking_can_be_trusted(info):
    summary = judged(info, fidelity=make_fidelity()).summary
    assert {name: value for name, value in summary.items() if name.startswith("fidelity")} == {
        "fidelity/share_of_steps": 0.17,
        "fidelity/regret_of_front": 0.02,
        "fidelity/untrained_share": 0.71,
        "fidelity/quality/tau": 0.87,
        "fidelity/quality/tau_mean": 0.71,
        "fidelity/quality/tau_low": 0.31,
        "fidelity/quality/tau_high": 0.95,
        "fidelity/quality/tau_above_half": 0.85,
        "fidelity/quality/noise_ceiling": 0.73,
        "fidelity/quality/regret_of_best": 0.004,
    }
    unknown = judged(info, fidelity=make_fidelity(agreement=None)).summary
    assert "fidelity/quality/tau" not in unknown and unknown["fidelity/quality/noise_ceiling"] == 0.73
    assert not any(name.startswith("fidelity") for name in judged(info).summary)


def test_every_plot_has_its_columns(info, record, trials):
    for run in (study_run(info, record), running_run(info, trials), judged(info, fidelity=make_fidelity())):
        for plot in run.plots.values():
            wanted = {plot.x, plot.y} | ({plot.line} if plot.line else set())
            assert wanted <= set(run.tables[plot.table].columns)
            assert run.tables[plot.table].rows


def test_parameters_are_plotted_from_the_most_important_on(info):
    names = [f"p{place}" for place in range(MOST_PLOTTED + 2)]
    level = Level(name="1", mean=2.0, num_trials=4)
    effects = tuple(ParameterEffect(name=name, share=0.1, levels=(level,)) for name in names)
    trials = [replace(trial, params=dict.fromkeys(names, 1)) for trial in make_record().trials]
    run = study_run(info, make_record(trials=trials, insight=make_insight(effects=effects)))
    assert [name for name in run.plots if name.startswith("by_")] == [f"by_{name}" for name in names[:MOST_PLOTTED]]
    assert len(run.tables["importance"].rows) == len(names)


def test_the_artifact_has_the_front_and_its_patterns(info, record):
    [artifact] = study_run(info, record).artifacts
    assert list(artifact.files) == ["front.json", "patterns/00001.json"]
    assert json.loads(b64decode(artifact.files["front.json"]))["schema"] == "nas.front/1"


def test_what_was_exported_and_kept_is_an_artifact_without_credentials(info, record, monkeypatch):
    monkeypatch.setenv("DB_PASSWORD", "correct-horse-battery")
    files = {"bundle.json": b'{"note": "correct-horse-battery"}', "picture.png": b"\x89PNG\xff"}
    bundles = (KeptBundle(name="00001-flex", files=files),)
    _, artifact = study_run(info, replace_fields(record, bundles=bundles)).artifacts
    assert (artifact.name, artifact.type) == ("long-text-bundle-00001-flex", "pattern-bundle")
    assert b64decode(artifact.files["picture.png"]) == files["picture.png"], "bytes stay as they are"
    assert json.loads(b64decode(artifact.files["bundle.json"])) == {"note": "(redacted)"}


def test_while_it_runs_it_has_the_trials_so_far(info, trials):
    run = running_run(info, trials[:2])
    assert run.summary["state"] == "running" and run.summary["num_trials"] == 2
    assert run.summary["front_size"] == run.history[-1][1]["front_size"]
    assert [row[0] for row in run.tables["trials"].rows] == [0, 1]
    nothing = running_run(info, ())
    assert (nothing.summary, nothing.plots) == ({"state": "running", "num_trials": 0}, {})


def test_before_and_after_its_end_it_is_the_same_run(info, record, trials):
    running, ended = running_run(info, trials), study_run(info, record)
    assert (running.id, running.name, running.config) == (ended.id, ended.name, ended.config)
    assert ended.summary["state"] == "ended"
