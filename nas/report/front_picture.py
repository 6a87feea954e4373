"""The front as a picture: what was measured against each cost, with the baselines beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nas.errors import InputError
from nas.report.objectives import best_first, label, ratio_to_full
from nas.report.staircase import staircase
from nas.search.scoring.objectives import COSTS

_POINT, _LINE = "#1f6fb2", "#9cc3e4"
_BASELINES = (
    ("s", "#d1495b"),
    ("^", "#e08e0b"),
    ("D", "#3a8f5c"),
    ("v", "#8056a8"),
    ("P", "#8a5a3c"),
    ("X", "#444444"),
)
_LOG_RANGE = 20.0
"""Costs whose largest is this many times the smallest are drawn on a logarithmic axis."""


def draw_front(front: Mapping[str, Any], path: Path) -> None:
    """Draw a PNG, a row for every measured objective, a panel in it for every cost.

    Filled circles are the front, with their trial numbers; the line shows the best value that any of them
    has at each cost. A point off the line is on the front for the sake of another objective. Error bars
    are standard deviations over seeds. Baselines that did not finish are left out.

    Args:
        front: content of front.json.
        path: the file, overwritten if it exists.

    Raises:
        InputError: the file cannot be written.
    """
    goals, costs = _axes(front)
    figure = Figure(figsize=(0.6 + 4.4 * len(costs), 1.2 + 3.4 * len(goals)), dpi=150, layout="constrained")
    panels = figure.subplots(len(goals), len(costs), sharex="col", sharey="row", squeeze=False)
    for goal, row in zip(goals, panels, strict=True):
        for cost, panel in zip(costs, row, strict=True):
            _draw_panel(panel, front, goal, cost)
            panel.label_outer()
        row[0].set_ylabel(f"{label(goal['name'])} ({goal['unit']}, {_better(goal)})")
    handles, labels = panels[0][0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=min(4, len(labels)), frameon=False, fontsize=8)
    figure.suptitle(f"Pareto front of {_plain(front['study'])}", fontsize=11)
    try:
        figure.savefig(path, format="png")
    except OSError as error:
        raise InputError(str(path), "must be a file that can be written", error.strerror or str(error)) from None


def _axes(front: Mapping[str, Any]) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """What stands upright and what lies: measured objectives and costs; where one is missing, one against the rest."""
    objectives: list[dict[str, str]] = front["objectives"]
    measured = [goal for goal in objectives if goal["name"] not in COSTS]
    costs = [goal for goal in objectives if goal["name"] in COSTS]
    return (measured, costs) if measured and costs else (objectives[:1], objectives[1:])


def _draw_panel(panel: Axes, front: Mapping[str, Any], goal: Mapping[str, str], cost: Mapping[str, str]) -> None:
    points = best_first(front["points"], goal)
    as_ratio = all(ratio_to_full(entry, cost["name"]) is not None for entry in points)
    cost_of = _Reader(cost, as_ratio)
    if points:
        _draw_points(panel, points, goal, cost, cost_of)
    baselines = sorted((entry for entry in front["baselines"] if entry["values"]), key=lambda entry: entry["trial"])
    for index, entry in enumerate(baselines):
        marker, colour = _BASELINES[index % len(_BASELINES)]
        panel.errorbar(
            cost_of(entry), entry["values"][goal["name"]], yerr=entry["spread"].get(goal["name"]), linestyle="none",
            marker=marker, markersize=8, markerfacecolor="none", markeredgewidth=1.5, color=colour, elinewidth=0.9,
            label=entry["baseline"],
        )  # fmt: skip
    _dress(panel, cost, as_ratio, [cost_of(entry) for entry in [*points, *baselines]])


class _Reader:
    """Reads one cost of an entry, as a share of full attention's or in its unit."""

    def __init__(self, cost: Mapping[str, str], as_ratio: bool) -> None:
        self._name, self._as_ratio = cost["name"], as_ratio

    def __call__(self, entry: Mapping[str, Any]) -> float:
        ratio = ratio_to_full(entry, self._name) if self._as_ratio else None
        return float(entry["values"][self._name]) if ratio is None else ratio


def _draw_points(
    panel: Axes, points: list[dict[str, Any]], goal: Mapping[str, str], cost: Mapping[str, str], cost_of: _Reader
) -> None:
    x = [cost_of(point) for point in points]
    y = [point["values"][goal["name"]] for point in points]
    corners = staircase(list(zip(x, y, strict=True)), cost["direction"], goal["direction"])
    steps = "steps-post" if cost["direction"] == "minimize" else "steps-pre"
    panel.plot(*zip(*corners, strict=True), drawstyle=steps, color=_LINE, linewidth=2, zorder=1)
    spread = [point["spread"].get(goal["name"]) or 0.0 for point in points]
    panel.errorbar(
        x, y, yerr=spread, linestyle="none", marker="o", markersize=5, color=_POINT, elinewidth=0.9, label="front"
    )
    for x_here, y_here, point in zip(x, y, points, strict=True):
        panel.annotate(
            str(point["trial"]), (x_here, y_here), xytext=(4, 4), textcoords="offset points", fontsize=7, color=_POINT
        )


def _dress(panel: Axes, cost: Mapping[str, str], as_ratio: bool, values: list[float]) -> None:
    unit = "share of full attention" if as_ratio else cost["unit"]
    panel.set_xlabel(f"{label(cost['name'])} ({unit}, {_better(cost)})")
    if cost["name"] in COSTS and values and min(values) > 0 and max(values) > _LOG_RANGE * min(values):
        panel.set_xscale("log")
    elif as_ratio:
        panel.set_xlim(left=0)
    panel.grid(color="#e6e6e6", linewidth=0.6)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)


def _better(goal: Mapping[str, str]) -> str:
    return "lower is better" if goal["direction"] == "minimize" else "higher is better"


def _plain(text: str) -> str:
    """A user's text without the dollar signs that matplotlib would read as formulas."""
    return " ".join(text.split()).replace("$", r"\$")
