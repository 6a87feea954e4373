"""The picture of a table: how qualities change with training, and whether their order holds."""

from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator
from scipy.stats import rankdata

from nas.errors import InputError
from nas.files import replacing
from nas.ground_truth.file import Table
from nas.ground_truth.qualities import Qualities
from nas.ground_truth.true_front import costs_by_id
from nas.statistics.rank_agreement import kendall_tau

_COLOURS = colormaps["viridis"]


def draw_table(table: Table, path: Path) -> None:
    """Draw a PNG of three panels.

    Left: the quality of every pattern by rung, mean over seeds, a line each. Middle: the same of the patterns that have
    the last rung, minus their mean at each rung, so that crossings are visible. Right: their ranks at the first rung
    against those at the last, 1 for the best. Colour: attention FLOPs as a share of full attention's.

    Args:
        table: complete or unfinished.
        path: the file, written whole or not at all; an older one, or a link, is replaced.

    Raises:
        InputError: the file cannot be written.
    """
    qualities = Qualities(table)
    shares = {identity: cost.shares["attention_flops"] for identity, cost in costs_by_id(table).items()}
    scale = Normalize(0, max(1.0, *shares.values()))
    colours = {identity: _COLOURS(float(scale(share))) for identity, share in shares.items()}
    figure = Figure(figsize=(14.5, 4.8), dpi=90, layout="constrained")
    panels = figure.subplots(1, 3)
    _draw_qualities(panels[0], qualities, colours)
    _draw_differences(panels[1], qualities, colours)
    _draw_ranks(panels[2], qualities, colours)
    bar = ScalarMappable(scale, _COLOURS)
    figure.colorbar(bar, ax=list(panels), label="attention FLOPs (share of full attention)", fraction=0.03)
    try:
        with replacing(path) as file:
            figure.savefig(file, format="png")
    except OSError as error:
        raise InputError(str(path), "must be a file that can be written", error.strerror or str(error)) from None


def _draw_qualities(panel: Axes, qualities: Qualities, colours: Mapping[str, Any]) -> None:
    rungs = qualities.table.plan.rungs
    means = {rung: qualities.means(rung) for rung in rungs}
    for pattern, colour in colours.items():
        reached = [rung for rung in rungs if pattern in means[rung]]
        _draw_line(panel, reached, [means[rung][pattern] for rung in reached], colour)
    better = "lower" if qualities.sign > 0 else "higher"
    _dress(panel, "steps", f"quality ({qualities.table.task.unit}, {better} is better)")
    _mark_rungs(panel, rungs)
    panel.set_title(f"{len(means[rungs[0]])} patterns by rung", fontsize=10)


def _draw_differences(panel: Axes, qualities: Qualities, colours: Mapping[str, Any]) -> None:
    rungs = qualities.table.plan.rungs
    means = {rung: qualities.means(rung) for rung in rungs}
    ended = [pattern for pattern in means[rungs[-1]] if all(pattern in means[rung] for rung in rungs)]
    centres = {rung: fmean(means[rung][pattern] for pattern in ended) for rung in rungs if ended}
    for pattern in ended:
        _draw_line(panel, rungs, [means[rung][pattern] - centres[rung] for rung in rungs], colours[pattern])
    _dress(panel, "steps", "quality, less the mean of the rung")
    _mark_rungs(panel, rungs)
    panel.set_title(f"{len(ended)} patterns with all rungs", fontsize=10)


def _draw_ranks(panel: Axes, qualities: Qualities, colours: Mapping[str, Any]) -> None:
    first, last = qualities.table.plan.rungs[0], qualities.last
    pairs = qualities.paired(first)
    here, truth = [value for value, _ in pairs.values()], [value for _, value in pairs.values()]
    if pairs:
        panel.plot([1, len(pairs)], [1, len(pairs)], color="#cccccc", linewidth=1, zorder=0)
        panel.scatter(rankdata(here), rankdata(truth), s=16, color=[colours[pattern] for pattern in pairs])
    tau = kendall_tau(here, truth)
    shown = "" if tau is None else f", tau {tau:.2f}"
    _dress(panel, f"rank after {first:,} steps", f"rank after {last:,} steps")
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    panel.set_title(f"ranks, 1 is the best{shown}", fontsize=10)


def _draw_line(panel: Axes, steps: Any, values: list[float], colour: Any) -> None:
    panel.plot(steps, values, color=colour, linewidth=0.8, alpha=0.7, marker="o", markersize=2)


def _mark_rungs(panel: Axes, rungs: tuple[int, ...]) -> None:
    panel.set_xscale("log", base=2)
    panel.xaxis.set_major_locator(FixedLocator(rungs))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.set_xticklabels([f"{rung:,}" for rung in rungs])


def _dress(panel: Axes, x_label: str, y_label: str) -> None:
    panel.set_xlabel(x_label)
    panel.set_ylabel(y_label)
    panel.grid(color="#e6e6e6", linewidth=0.6)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
