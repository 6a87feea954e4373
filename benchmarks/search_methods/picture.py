"""Shares of the true hypervolume against what was spent, drawn."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from search_methods.catalog import at_horizon
from search_methods.search import Search, at, interval
from search_methods.truth import Truth

DRAWN = ("make search", "ehvi", "GP, 4 random draws", "Optuna TPE, multivariate", "random", "growing windows")
"""What the picture shows; more lines could not be told apart. Samplers are drawn at two horizons."""


def draw(searches: Mapping[str, Sequence[Search]], truth: Truth, picture: Path) -> None:
    """Mean share against FLOPs with the interval of the mean, for runs of a quarter of the steps and of all."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    horizons = (truth.rungs[max(0, len(truth.rungs) - 3)], truth.rungs[-1])
    figure, panels = pyplot.subplots(1, 2, figsize=(12, 5), layout="constrained", sharey=True)
    budgets = np.geomspace(0.1, 60, 100)
    for axes, horizon in zip(panels, horizons, strict=True):
        for number, name in enumerate(DRAWN):
            own = searches.get(name) or searches.get(at_horizon(name, horizon))
            if not own:
                continue
            curves = [search.curve(truth.share) for search in own]
            points = [interval([at(curve, budget * truth.full_run_flops) for curve in curves]) for budget in budgets]
            means, lows, highs = zip(*points, strict=True)
            axes.plot(budgets, means, label=name, color=f"C{number}", linewidth=2.4 if name == "make search" else 1.3)
            axes.fill_between(budgets, lows, highs, color=f"C{number}", alpha=0.12)
        axes.axhline(0.95, color="0.6", linewidth=0.8, linestyle=":")
        title = f"every run {horizon:,} steps long (make search: as it is)"
        axes.set(xscale="log", ylim=(0, 1.01), xlabel="training FLOPs spent, in full runs", title=title)
    panels[0].set_ylabel("share of the true hypervolume")
    panels[1].legend(fontsize=9, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    figure.savefig(picture, dpi=110)
    pyplot.close(figure)
