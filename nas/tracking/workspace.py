"""A workspace in W&B for a study: panels over its runs, in the order in which a reader needs them."""

import io
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr
from dataclasses import dataclass
from tempfile import TemporaryDirectory

import wandb
from wandb_workspaces import expr
from wandb_workspaces.reports.v2 import interface as panels
from wandb_workspaces.workspaces import RunsetSettings, Section, Workspace

from nas.errors import InputError, NasError, first_line
from nas.redact import redact_text
from nas.report.objective_labels import label
from nas.results.objective import Objective
from nas.tracking.settings import TrackingSettings, check_key

MOST_PLOTTED = 12
"""Parameters that have charts; in the chart of parallel axes, too, more cannot be told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceContents:
    """What a workspace is about.

    Args:
        study: the study's name, which is the group of its runs.
        objectives: its axes.
        parameters: names of its parameters, the most important first.
    """

    study: str
    objectives: tuple[Objective, ...]
    parameters: tuple[str, ...]

    @property
    def quality(self) -> Objective:
        """The objective that charts have on the vertical axis."""
        return next((one for one in self.objectives if not one.is_cost), self.objectives[0])

    @property
    def others(self) -> list[Objective]:
        """The other objectives."""
        return [one for one in self.objectives if one is not self.quality]


def study_workspace(contents: WorkspaceContents, entity: str, project: str) -> Workspace:
    """The workspace, not yet saved.

    Args:
        contents: of a study whose runs are in the project.
        entity: W&B user or team.
        project: W&B project.
    """
    sections = {
        "The front": list(_front(contents)),
        "The search": list(_search(contents)),
        "Parameters": list(_parameters(contents)),
        "Rungs": list(_rungs()),
        "How far to trust it": list(_trust()),
    }
    quality = expr.Summary(contents.quality.name)
    return Workspace(
        entity=entity,
        project=project,
        name=f"nas {contents.study}",
        sections=[Section(name=name, panels=content, is_open=True) for name, content in sections.items()],
        runset_settings=RunsetSettings(
            filters=expr.And(expr.Metric("Group") == contents.study),
            order=[expr.Ordering(quality, ascending=contents.quality.direction == "minimize")],
            pinned_columns=["run:displayName", *(f"summary:{one.name}" for one in contents.objectives)],
        ),
    )


def save_workspace(contents: WorkspaceContents, settings: TrackingSettings) -> str:
    """Save the workspace as a new view of the project, and return its address.

    W&B reads settings from the working directory, such as the address that the key is sent to, so it works in an empty
    one.

    Args:
        contents: of the study.
        settings: project and entity; without an entity, that of the key.

    Raises:
        InputError: there is no key in the environment.
        NasError: W&B refused, or cannot be reached.
    """
    check_key(settings)
    with TemporaryDirectory(prefix="nas-tracking-") as empty, chdir(empty), redirect_stderr(io.StringIO()):
        try:
            entity = settings.entity or wandb.Api().default_entity
            if entity is None:
                raise InputError("--entity", "must name a W&B user or team", "none", "The key has no default.")
            return str(study_workspace(contents, entity, settings.project).save().url)
        except NasError:
            raise
        except Exception as error:
            remedy = "Are the runs there? nas track STUDY --mode online sends them."
            raise NasError(f"W&B did not save the workspace ({redact_text(first_line(error))}). {remedy}") from None


def _front(contents: WorkspaceContents) -> Iterator[panels.Panel]:
    quality = panels.SummaryMetric(contents.quality.name)
    for one in contents.others:
        title = f"{label(contents.quality.name)} by {label(one.name)}"
        yield panels.ScatterPlot(title=title, x=panels.SummaryMetric(one.name), y=quality)
    yield panels.MediaBrowser(title="The front, with the baselines", media_keys=["front_picture"])
    yield _table("front")


def _search(contents: WorkspaceContents) -> Iterator[panels.Panel]:
    yield panels.LinePlot(title="Hypervolume by trial", x="Step", y=["hypervolume"])
    yield panels.LinePlot(title="Points on the front by trial", x="Step", y=["front_size"])
    for one in contents.objectives:
        title = f"Best {label(one.name)} by trial"
        yield panels.LinePlot(title=title, x="Step", y=[f"best/{one.name}"])
    yield _table("trials")


def _parameters(contents: WorkspaceContents) -> Iterator[panels.Panel]:
    names = contents.parameters[:MOST_PLOTTED]
    yield _chart("importance", "bar", label="parameter", value="share")
    yield _table("importance")
    yield panels.ParameterImportancePlot(with_respect_to=contents.quality.name)
    axes = [
        *(panels.ParallelCoordinatesPlotColumn(metric=_parameter(name), display_name=name) for name in names),
        *(panels.ParallelCoordinatesPlotColumn(metric=panels.SummaryMetric(one.name)) for one in contents.objectives),
    ]
    yield panels.ParallelCoordinatesPlot(title="Parameters and objectives", columns=axes)
    for name in names:
        for one in contents.objectives:
            title = f"{label(one.name)} by {name}"
            yield panels.ScatterPlot(title=title, x=_parameter(name), y=panels.SummaryMetric(one.name))


def _rungs() -> Iterator[panels.Panel]:
    yield panels.LinePlot(title="Quality by optimiser steps", x="Step", y=["quality"])
    yield panels.LinePlot(title="Training loss by optimiser steps", x="Step", y=["train_loss"])
    yield _table("rungs")


def _trust() -> Iterator[panels.Panel]:
    yield _table("health")
    yield _chart("long_runs", "scatter", x="short", y="long")
    yield _table("long_runs")


def _parameter(name: str) -> panels.Config:
    return panels.Config(f"params.{name}")


def _table(name: str) -> panels.Panel:
    return panels.WeavePanelSummaryTable(table_name=name)


def _chart(table: str, preset: str, **fields: str) -> panels.Panel:
    """One of W&B's own custom charts over columns of a table."""
    query = {"summaryTable": {"tableKey": table}}
    return panels.CustomChart(query=query, chart_name=f"wandb/{preset}/v0", chart_fields=fields)
