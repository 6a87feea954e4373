"""Pictures of what small models say about a larger one, for docs/transfer.md.

    python benchmarks/transfer_picture.py --out docs/pictures

`transfer-ranks.png`: the places of the nine patterns of the ladder in every regime, early and late, and in both larger
models. `transfer-cost.png`: Kendall's tau with the larger model's end against what a run costs, as measured and as
projected, over the nine patterns and over those that were drawn. The tables are those of `transfer.py`.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from search_methods.priors import FIRST, SECOND
from transfer import NOISE, SHIPPED, Truth, agreement, projections_at, run_flops, values_at

from nas.ground_truth.file import Table, read_table

LADDER = SHIPPED.parent / "ladder"
NINE = ("S-plain", "S-base100", "S-convolution", "S-shift", "S-heads2", "S-width32-base100")
DRAWN = (SHIPPED, LADDER / "S-base100-drawn.jsonl")
NAMES = {
    "S-plain": "plain",
    "S-base100": "base 100",
    "S-base100-drawn": "base 100",
    "S-convolution": "convolutions",
    "S-shift": "token shift",
    "S-heads2": "two heads",
    "S-width32-base100": "width 32,\nbase 100",
    "tabular-text": "plain",
    "M-plain": "M itself",
    "M-drawn": "M itself",
}
"""Regimes, by table."""
WIDTHS = ("1/32", "1/8", "all")
"""Windows of the nine patterns, the narrowest first."""

ValuesOf = Callable[[Table, int], dict[str, float]]
"""Values of a table at a rung, by id, to be minimised."""


@dataclass(frozen=True, slots=True)
class Column:
    """One ranking of patterns.

    Args:
        name: regime and steps.
        values: by the pattern's id in the larger model, to be minimised.
    """

    name: str
    values: dict[str, float]


def columns(truth: Truth, paths: Sequence[Path], largest: Table) -> list[list[Column]]:
    """The rankings of small tables at a quarter of their longest runs and at their ends, then all of both larger ones.

    Args:
        truth: the larger model.
        paths: of the small tables.
        largest: the one above; rungs that not all patterns have are left out.
    """
    small = []
    for path in paths:
        table = read_table(path)
        for rung in dict.fromkeys((table.plan.rungs[-3], table.plan.rungs[-1])):
            small.append(_column(truth, table, rung, NAMES[path.stem]))
    larger = [_column(truth, truth.table, rung, "M") for rung in truth.table.plan.rungs]
    top = [_column(truth, largest, rung, "L") for rung in largest.plan.rungs]
    return [small, larger, [one for one in top if one.values.keys() == truth.values.keys()]]


def _column(truth: Truth, table: Table, rung: int, name: str) -> Column:
    names = {entry.pattern.id: truth.counterpart(table, entry) for entry in table.plan.entries}
    values = {names[one]: value for one, value in values_at(table, rung).items()}
    return Column(f"{name}\n{rung:,}", values)


def draw_ranks(truth: Truth, paths: Sequence[Path], largest: Table, out: Path) -> None:
    """A line for every pattern through its places; colours are windows of the first half of the layers."""
    from matplotlib import pyplot

    sizes = columns(truth, paths, largest)
    found = [one for size in sizes for one in size]
    figure, axes = pyplot.subplots(figsize=(16, 5), layout="constrained")
    for identity, (label, colour, style) in _patterns(truth.table).items():
        places = [sorted(one.values, key=one.values.__getitem__).index(identity) + 1 for one in found]
        axes.plot(range(len(found)), places, color=colour, linestyle=style, marker="o", markersize=5, linewidth=1.8)
        axes.annotate(label, (len(found) - 1, places[-1]), (8, 0), textcoords="offset points", va="center", fontsize=9)
    for end in accumulate(map(len, sizes[:-1])):
        axes.axvline(end - 0.5, color="0.6", linewidth=0.8, linestyle=":")
    axes.set_xticks(range(len(found)), [one.name for one in found], fontsize=8)
    axes.set(ylabel="place, 1 is best", xlim=(-0.4, len(found) + 0.4))
    axes.invert_yaxis()
    title = "Nine patterns: windows of the first and the second half of the layers. Below: regime and optimiser steps"
    axes.set_title(title, fontsize=10)
    figure.savefig(out, dpi=110)
    pyplot.close(figure)


def draw_costs(panels: Sequence[tuple[Truth, Sequence[Path]]], out: Path) -> None:
    """Tau against TFLOP a run: dashed as measured, solid as projected; the larger model, the last path, is black."""
    from matplotlib import pyplot

    figure, all_axes = pyplot.subplots(1, len(panels), figsize=(13, 5), layout="constrained", sharey=True)
    for axes, (truth, paths) in zip(all_axes, panels, strict=True):
        for number, path in enumerate(paths):
            table = read_table(path)
            colour = "black" if path is paths[-1] else f"C{number}"
            for style, values_of in (("--", values_at), ("-", projections_at)):
                label = NAMES[path.stem].replace("\n", " ") if style == "-" else None
                if points := _curve(truth, table, values_of):
                    axes.plot(*zip(*points, strict=True), style, color=colour, marker="o", markersize=4, label=label)
        end = truth.table.plan.rungs[-1]
        axes.set_title(f"Agreement with M after {end:,} steps over up to {len(truth.values)} patterns", fontsize=10)
        axes.set(xscale="log", xlabel="TFLOP of a run of full attention", ylim=(-0.3, 1))
        axes.axhline(0, color="0.7", linewidth=0.8)
        axes.legend(fontsize=9, loc="lower right" if len(paths) > 4 else "upper left", frameon=False)
    all_axes[0].set_ylabel("Kendall's tau; dashed: as measured, solid: projected")
    figure.savefig(out, dpi=110)
    pyplot.close(figure)


def _curve(truth: Truth, table: Table, values_of: ValuesOf) -> list[tuple[float, float]]:
    """TFLOP and tau of every rung, but the larger model's own end."""
    points = []
    for rung in table.plan.rungs:
        if table.plan == truth.table.plan and rung == table.plan.rungs[-1]:
            continue
        own = agreement(truth, table, values_of(table, rung), NOISE)
        if own is not None:
            points.append((run_flops(table, rung) / 1e12, own.tau))
    return points


def _patterns(table: Table) -> dict[str, tuple[str, str, str]]:
    """Label, colour and line of the patterns of a table of two windows, by id."""
    windows = {entry.pattern.id: [int(entry.params[name]) for name in (FIRST, SECOND)] for entry in table.plan.entries}
    sizes = sorted({width for own in windows.values() for width in own})
    found = {}
    for identity, own in windows.items():
        first, second = (sizes.index(width) for width in own)
        found[identity] = (f"{WIDTHS[first]}, {WIDTHS[second]}", f"C{first}", (":", "--", "-")[second])
    return found


def main(words: Sequence[str] | None = None) -> None:
    """Draw both."""
    import matplotlib

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder that they are written to")
    options = parser.parse_args(words)
    matplotlib.use("Agg")
    nine, drawn = (LADDER / "M-plain.jsonl", LADDER / "M-drawn.jsonl")
    small = [LADDER / f"{name}.jsonl" for name in NINE]
    of_nine, of_drawn = (Truth.of(read_table(path)) for path in (nine, drawn))
    draw_ranks(of_nine, small, read_table(LADDER / "L-plain.jsonl"), options.out / "transfer-ranks.png")
    draw_costs([(of_nine, [*small, nine]), (of_drawn, [*DRAWN, drawn])], options.out / "transfer-cost.png")


if __name__ == "__main__":
    main()
