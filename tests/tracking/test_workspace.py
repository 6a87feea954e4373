"""The workspace of a study: the spec that is sent, to a stand-in for W&B's server on this machine."""

import json
from typing import Any

import pytest

from nas.errors import InputError, NasError
from nas.tracking.runs.contents import all_runs
from nas.tracking.runs.run import Run
from nas.tracking.settings import TrackingSettings
from nas.tracking.workspace import MOST_PLOTTED, WorkspaceContents, save_workspace, study_workspace
from tests.fronts import OBJECTIVES
from tests.wandb_server import serving

CONTENTS = WorkspaceContents(study="quick", objectives=OBJECTIVES, parameters=("layer0.window", "kind"))
ONLINE = TrackingSettings(mode="online", project="patterns")


def spec(contents: WorkspaceContents = CONTENTS) -> dict:
    """What would be sent."""
    view = study_workspace(contents, "team", "patterns")._to_model()
    return json.loads(view.spec.model_dump_json(by_alias=True, exclude_none=True))


def sections(document: dict) -> dict[str, list[dict]]:
    return {one["name"]: one["panels"] for one in document["section"]["panelBankConfig"]["sections"]}


def configs(panels: list[dict], kind: str) -> list[dict]:
    return [panel["config"] for panel in panels if panel["viewType"] == kind]


def test_it_is_about_the_runs_of_the_study_alone():
    [runs] = spec()["section"]["runSets"]
    assert '"quick"' in json.dumps(runs["filters"]) and '"group"' in json.dumps(runs["filters"])
    assert runs["runFeed"]["columnPinned"].keys() >= {"summary:quality", "summary:flops", "summary:kv_cache_bytes"}
    [order] = runs["sort"]["keys"]
    assert (order["key"]["name"], order["ascending"]) == ("quality", True)


def test_there_is_the_front_by_every_cost():
    plots = configs(sections(spec())["The front"], "Scatter Plot")
    assert [(one["xAxis"], one["yAxis"]) for one in plots] == [
        ("summary:flops", "summary:quality"),
        ("summary:kv_cache_bytes", "summary:quality"),
    ]


def test_there_is_every_objective_against_every_parameter():
    content = sections(spec())["Parameters"]
    plots = configs(content, "Scatter Plot")
    assert [(one["xAxis"], one["yAxis"]) for one in plots] == [
        (f"config:params.value.{name}", f"summary:{one.name}") for name in CONTENTS.parameters for one in OBJECTIVES
    ]
    [axes] = configs(content, "Parallel Coordinates Plot")
    assert [one["accessor"] for one in axes["columns"]] == [
        *(f"config:params.value.{name}" for name in CONTENTS.parameters),
        *(f"summary:{one.name}" for one in OBJECTIVES),
    ]
    assert [one["targetKey"] for one in configs(content, "Parameter Importance")] == ["quality"]


def test_parameters_beyond_the_most_important_have_no_panels():
    many = WorkspaceContents(
        study="quick", objectives=OBJECTIVES, parameters=tuple(f"p{place}" for place in range(MOST_PLOTTED + 5))
    )
    plots = configs(sections(spec(many))["Parameters"], "Scatter Plot")
    assert len(plots) == MOST_PLOTTED * len(OBJECTIVES)


def test_what_grows_is_drawn_by_trial():
    drawn = [one["metrics"] for one in configs(sections(spec())["The search"], "Run History Line Plot")]
    assert drawn == [["hypervolume"], ["front_size"], ["best/quality"], ["best/flops"], ["best/kv_cache_bytes"]]


@pytest.mark.parametrize(
    ("section", "tables"),
    [
        ("The front", ["front"]),
        ("The search", ["trials"]),
        ("Parameters", ["importance"]),
        ("Rungs", ["rungs"]),
        ("How far to trust it", ["health", "long_runs"]),
    ],
)
def test_every_table_of_the_study_has_a_panel(info, record, section, tables):
    content = json.dumps(configs(sections(spec())[section], "Weave"))
    assert all(f'"{name}"' in content for name in tables)


def recorded(run: Run, accessor: str) -> object:
    """What a run has of `summary:NAME`, or of `config:KEY.value.NAME`, where the first key holds nested ones."""
    where, _, name = accessor.partition(":")
    if where == "summary":
        return run.summary.get(name)
    found: Any = run.config
    for key in name.replace(".value.", ".", 1).split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def test_every_panel_has_runs_to_draw(info, trials, record):
    runs = all_runs(info, trials, record)
    names = dict.fromkeys(name for trial in trials for name in trial.params)
    content = WorkspaceContents(study="quick", objectives=record.front.objectives, parameters=tuple(names))
    panels = [panel for part in sections(spec(content)).values() for panel in part]
    scatters = configs(panels, "Scatter Plot")
    assert scatters
    for one in scatters:
        assert any(recorded(run, one["xAxis"]) is not None and recorded(run, one["yAxis"]) is not None for run in runs)
    for axes in configs(panels, "Parallel Coordinates Plot"):
        assert all(any(recorded(run, one["accessor"]) is not None for run in runs) for one in axes["columns"])
    logged = {name for run in runs for _, row in run.history for name in row}
    for line in configs(panels, "Run History Line Plot"):
        assert set(line["metrics"]) <= logged
    assert {name for one in configs(panels, "Media Browser") for name in one["mediaKeys"]} <= runs[-1].pictures.keys()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch):
    with serving() as server:
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        monkeypatch.setenv("WANDB_API_KEY", "0123456789" * 4)
        yield server


@pytest.mark.slow
@pytest.mark.parametrize("entity", [None, "team"])
def test_it_is_saved(server, entity, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    address = save_workspace(CONTENTS, TrackingSettings(mode="online", project="patterns", entity=entity))
    assert address == f"{server.url}/team/patterns?nw=abc"
    [view] = server.views
    assert (view["entityName"], view["projectName"], view["displayName"]) == ("team", "patterns", "nas quick")
    sent, expected = sections(json.loads(view["spec"])), sections(spec())
    assert {name: [one["viewType"] for one in content] for name, content in sent.items()} == {
        name: [one["viewType"] for one in content] for name, content in expected.items()
    }
    assert server.unknown == []
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_a_refusal_is_one_line_without_the_key(server, monkeypatch):
    monkeypatch.setattr(server, "answer", lambda operation, given: {})
    with pytest.raises(NasError, match="W&B did not save the workspace") as error:
        save_workspace(CONTENTS, ONLINE)
    assert "\n" not in str(error.value) and "0123456789" not in str(error.value)


def test_without_a_key_nothing_is_tried(monkeypatch):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    with pytest.raises(InputError, match="WANDB_API_KEY"):
        save_workspace(CONTENTS, ONLINE)
