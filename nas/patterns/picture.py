"""A pattern drawn as a picture, fit for a paper."""

from pathlib import Path
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from nas.errors import InputError
from nas.patterns.head import HeadPattern
from nas.patterns.model import ModelPattern
from nas.patterns.panels import Panel, cell_edges, describe, panel_rows, seen_cells

COLOURS = {
    "full": "#5b6770",
    "window": "#0072b2",
    "global": "#d55e00",
    "stride": "#009e73",
    "columns": "#cc79a7",
    "block": "#56b4e9",
    "random": "#e69f00",
}
"""One colour a kind, told apart by colour-blind readers too (Okabe and Ito 2008)."""

_UNSEEN, _FUTURE = "#ffffff", "#ebebeb"
_MOST_CELLS = 256
_MOST_CELLS_WITH_LINES = 64
_PANEL_INCHES = 2.3


def draw_picture(pattern: ModelPattern, path: str | Path, num_tokens: int = 64) -> None:
    """Write a PNG: a row for layers that attend alike, a column for each distinct union of their heads.

    A pair has the colour of the first primitive in its union that shows it. Sequences of more than
    256 tokens are drawn with 256 x 256 cells, each coloured if any pair in it is seen.

    Args:
        pattern: any pattern.
        path: the file to write.
        num_tokens: sequence length n that is drawn, in tokens.

    Raises:
        InputError: the file cannot be written.
    """
    figure = pattern_figure(pattern, num_tokens)
    try:
        figure.savefig(path, format="png", dpi=200, bbox_inches="tight", metadata={"Software": None})
    except OSError as error:
        raise InputError(str(path), "must be a file that can be written", error.strerror or str(error)) from None


def pattern_figure(pattern: ModelPattern, num_tokens: int) -> Figure:
    """The picture as a matplotlib figure that no global state knows of."""
    rows = panel_rows(pattern)
    num_columns = max(len(row) for row in rows)
    figure = Figure(figsize=(_PANEL_INCHES * num_columns + 0.5, (_PANEL_INCHES + 0.6) * len(rows) + 0.5))
    FigureCanvasAgg(figure)
    figure.set_layout_engine("compressed", h_pad=0.08, w_pad=0.08)
    grid = figure.subplots(len(rows), num_columns, squeeze=False)
    for row, line in zip(rows, grid, strict=True):
        for axes in line[len(row) :]:
            axes.set_axis_off()
        for panel, axes in zip(row, line, strict=False):
            _draw_panel(axes, panel, num_tokens)
        line[0].set_ylabel(f"{row[0].layer_names()}\nquery", fontsize=8.5)
    figure.legend(
        handles=_legend(rows, pattern.causal),
        loc="outside lower center",
        ncols=3 * num_columns,
        frameon=False,
        fontsize=8,
        title=_cell_note(num_tokens),
        title_fontsize=7.5,
    )
    return figure


def cell_colours(head: HeadPattern, num_tokens: int, num_cells: int) -> NDArray[np.float64]:
    """Red, green and blue of each cell, 0 to 1, shape (num_cells, num_cells, 3)."""
    image = np.empty((num_cells, num_cells, 3))
    image[:] = to_rgb(_UNSEEN)
    if head.causal:
        edges = cell_edges(num_tokens, num_cells)
        image[edges[None, :-1] > edges[1:, None] - 1] = to_rgb(_FUTURE)
    for primitive in reversed(head.attend):
        alone = HeadPattern((primitive,), head.causal, head.layer, head.head, head.grid)
        image[seen_cells(alone, num_tokens, num_cells)] = to_rgb(COLOURS[primitive.kind])
    return image


def _draw_panel(axes: Axes, panel: Panel, num_tokens: int) -> None:
    num_cells = min(num_tokens, _MOST_CELLS)
    image = cell_colours(panel.head, num_tokens, num_cells)
    axes.imshow(image, extent=(0, num_tokens, num_tokens, 0), interpolation="nearest")
    if num_tokens <= _MOST_CELLS_WITH_LINES:
        lines = np.arange(1, num_tokens)
        axes.hlines(lines, 0, num_tokens, colors="white", linewidth=0.4)
        axes.vlines(lines, 0, num_tokens, colors="white", linewidth=0.4)
    axes.set_title(_title(panel, num_tokens), fontsize=7.5, linespacing=1.3)
    axes.set_xticks([0, num_tokens], ["0", str(num_tokens)], fontsize=7)
    axes.set_yticks([0, num_tokens], ["0", str(num_tokens)], fontsize=7)
    axes.set_xlabel("key", fontsize=7.5, labelpad=-6)
    axes.tick_params(length=2, width=0.6)
    for spine in axes.spines.values():
        spine.set(linewidth=0.6, color="#888888")


def _title(panel: Panel, num_tokens: int, width: int = 38) -> str:
    """A few short lines that never break inside a primitive."""
    union = " +\n".join(describe([primitive]).replace(" ", "\N{NO-BREAK SPACE}") for primitive in panel.head.attend)
    words = fill(union, width, break_long_words=False, break_on_hyphens=False)
    lines = [f"{panel.head_names()}: {panel.density(num_tokens)}", words, panel.stands_in()]
    return "\n".join(line for line in lines if line)


def _cell_note(num_tokens: int) -> str | None:
    if num_tokens <= _MOST_CELLS:
        return None
    return f"{num_tokens} tokens on {_MOST_CELLS} x {_MOST_CELLS} cells: coloured if any pair in the cell is seen"


def _legend(rows: tuple[tuple[Panel, ...], ...], causal: bool) -> list[Patch]:
    used = {primitive.kind for row in rows for panel in row for primitive in panel.head.attend}
    patches = [Patch(color=colour, label=kind) for kind, colour in COLOURS.items() if kind in used]
    return [*patches, Patch(color=_FUTURE, label="future")] if causal else patches
