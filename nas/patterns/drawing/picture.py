"""A pattern as a PNG, in print quality."""

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
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
from nas.files import replacing
from nas.patterns.drawing.layout import Panel, Row, cell_edges, panel_rows, parts_in_words, seen_cells
from nas.patterns.head import HeadPattern
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import MaskPrimitive

COLOURS = {
    "full": "#5b6770",
    "window": "#0072b2",
    "global": "#d55e00",
    "stride": "#009e73",
    "columns": "#cc79a7",
    "block": "#56b4e9",
    "random": "#e69f00",
    "stripe": "#882255",
    "tile": "#44aa99",
    "neighborhood": "#332288",
    "select": "#117733",
    "low_rank": "#999933",
}
"""One colour per kind, distinct for colour-blind readers too (Okabe and Ito 2008; Tol 2021, muted)."""

_UNSEEN, _FUTURE, _MEMORY = "#ffffff", "#ebebeb", "#f0c808"
_PALE = 0.35
"""Share of its colour that a pair keeps if content decides whether it is seen."""
_MOST_CELLS = 256
_MOST_CELLS_WITH_LINES = 64
_MOST_ROWS, _MOST_PANELS = 16, 8
"""Most rows of panels, and panels in a row: each panel takes matplotlib tenths of a second, and a picture's sides end
at 65,536 pixels."""
_PANEL_INCHES, _MAP_INCHES = 2.3, 1.2
_SCREEN_DPI = 110


def draw_picture(pattern: ModelPattern, path: str | Path, num_tokens: int = 64) -> None:
    """Write a PNG: a row for layers that attend alike, a column for each distinct union of their heads.

    For a pattern with a grid, a map under each mask shows the keys of the query in the middle on the grid.
    A pair has the colour of the first primitive in its union that shows it, pale where content decides. Sequences of
    more than 256 tokens are drawn with 256 x 256 cells, each coloured if any pair in it is seen. Of a pattern with many
    different layers or heads, the first 16 rows and 8 columns are drawn, and a note says so.

    Args:
        pattern: any pattern.
        path: the file, written whole or not at all; an older one, or a link, is replaced.
        num_tokens: sequence length n that is drawn, in tokens.

    Raises:
        InputError: the file cannot be written.
    """
    png = picture_png(pattern, num_tokens)
    try:
        with replacing(Path(path)) as file:
            file.write(png)
    except OSError as error:
        raise InputError(str(path), "must be a file that can be written", error.strerror or str(error)) from None


def picture_png(pattern: ModelPattern, num_tokens: int) -> bytes:
    """The picture as the bytes of a PNG file; see `draw_picture`."""
    return _png(pattern_figure(pattern, num_tokens), dpi=200, Pattern=pattern.id)


class PatternFigure(Figure):
    """A figure that notebooks show although pyplot, with its global state, does not know it."""

    def _repr_png_(self) -> bytes:
        return _png(self, dpi=_SCREEN_DPI)


def _png(figure: Figure, *, dpi: int, **metadata: str) -> bytes:
    png = BytesIO()
    figure.savefig(png, format="png", dpi=dpi, bbox_inches="tight", metadata={"Software": None, **metadata})
    return png.getvalue()


def pattern_figure(pattern: ModelPattern, num_tokens: int) -> PatternFigure:
    """The picture as a matplotlib figure, without pyplot's global state."""
    every = panel_rows(pattern)
    rows = [row[:_MOST_PANELS] for row in every[:_MOST_ROWS]]
    num_columns = max(len(row) for row in rows)
    heights = [_PANEL_INCHES, _MAP_INCHES] if pattern.grid else [_PANEL_INCHES]
    height = (sum(heights) + 0.3 + 0.3 * len(heights)) * len(rows) + 0.5
    figure = PatternFigure(figsize=(_PANEL_INCHES * num_columns + 0.5, height))
    FigureCanvasAgg(figure)
    figure.set_layout_engine("compressed", h_pad=0.08, w_pad=0.08)
    lines = figure.subplots(
        len(rows) * len(heights), num_columns, squeeze=False, height_ratios=heights * len(rows)
    ).reshape(len(rows), len(heights), num_columns)
    for row, (masks, *maps) in zip(rows, lines, strict=True):
        for axes in (axes for line in (masks, *maps) for axes in line[len(row) :]):
            axes.set_axis_off()
        for panel, axes in zip(row, masks, strict=False):
            _draw_panel(axes, panel, num_tokens)
        for panel, axes in zip(row, maps[0] if maps else (), strict=False):
            _draw_map(axes, panel.head, num_tokens)
        masks[0].set_ylabel(f"{row[0].layer_names()}\nquery", fontsize=8.5)
    figure.legend(
        handles=_legend(rows, pattern.causal),
        loc="outside lower center",
        ncols=3 * num_columns,
        frameon=False,
        fontsize=8,
        title="\n".join([*_cell_note(num_tokens), *_left_out_note(every, rows)]) or None,
        title_fontsize=7.5,
    )
    return figure


def cell_colours(head: HeadPattern, num_tokens: int, num_cells: int) -> NDArray[np.float64]:
    """Red, green and blue of each cell, 0 to 1, shape (num_cells, num_cells, 3); pale where content decides."""
    image = np.empty((num_cells, num_cells, 3))
    image[:] = to_rgb(_UNSEEN)
    if head.causal:
        edges = cell_edges(num_tokens, num_cells)
        image[edges[None, :-1] > edges[1:, None] - 1] = to_rgb(_FUTURE)
    for mask, colour in reversed(_painted(head)):
        alone = replace(head, attend=(mask,))
        image[seen_cells(alone, num_tokens, num_cells)] = colour
    return image


def map_colours(head: HeadPattern, num_tokens: int, query: int) -> NDArray[np.float64]:
    """Red, green and blue of each place of the grid as one query sees it, shape (rows, columns, 3)."""
    assert head.grid is not None
    image = np.empty((num_tokens, 3))
    image[:] = to_rgb(_UNSEEN)
    token = np.arange(num_tokens)
    if head.causal:
        image[token > query] = to_rgb(_FUTURE)
    for mask, colour in reversed(_painted(head)):
        alone = replace(head, attend=(mask,))
        image[alone.visible(np.array([query]), token, num_tokens)] = colour
    return image.reshape(*head.grid, 3)


def _painted(head: HeadPattern) -> list[tuple[MaskPrimitive, tuple[float, float, float]]]:
    """Masks and their colours, from front to back."""
    if head.computed is None:
        return [(mask, to_rgb(COLOURS[mask.kind])) for mask in head.masks]
    red, green, blue = to_rgb(COLOURS[head.computed.kind])
    pale = (1 - _PALE * (1 - red), 1 - _PALE * (1 - green), 1 - _PALE * (1 - blue))
    certain = [(mask, (red, green, blue)) for mask in head.computed.certain()]
    return certain + [(mask, pale) for mask in head.computed.possible()]


def _draw_panel(axes: Axes, panel: Panel, num_tokens: int) -> None:
    num_cells = min(num_tokens, _MOST_CELLS)
    image = cell_colours(panel.head, num_tokens, num_cells)
    axes.imshow(image, extent=(0, num_tokens, num_tokens, 0), interpolation="nearest")
    memory_tokens = min(panel.head.memory_tokens, num_tokens)
    if memory_tokens:
        axes.axvspan(-memory_tokens, 0, color=_MEMORY, linewidth=0)
        axes.set_xlim(-memory_tokens, num_tokens)
    if num_tokens <= _MOST_CELLS_WITH_LINES:
        lines = np.arange(1, num_tokens)
        axes.hlines(lines, 0, num_tokens, colors="white", linewidth=0.4)
        axes.vlines(lines, 0, num_tokens, colors="white", linewidth=0.4)
    axes.set_title(_title(panel, num_tokens), fontsize=7.5, linespacing=1.3)
    edges = [0, num_tokens]
    axes.set_xticks([-memory_tokens, *edges] if memory_tokens else edges)
    axes.set_yticks(edges)
    axes.tick_params(labelsize=7)
    axes.set_xlabel("key", fontsize=7.5, labelpad=1 if memory_tokens else -6)
    axes.tick_params(length=2, width=0.6)
    for spine in axes.spines.values():
        spine.set(linewidth=0.6, color="#888888")


def _draw_map(axes: Axes, head: HeadPattern, num_tokens: int) -> None:
    """The keys of the query in the middle, on the grid."""
    assert head.grid is not None
    rows, columns = head.grid
    row, column = rows // 2, columns // 2
    image = map_colours(head, num_tokens, row * columns + column)
    axes.imshow(image, extent=(0, columns, rows, 0), interpolation="nearest")
    if max(rows, columns) <= _MOST_CELLS_WITH_LINES:
        axes.hlines(np.arange(1, rows), 0, columns, colors="#dddddd", linewidth=0.4)
        axes.vlines(np.arange(1, columns), 0, rows, colors="#dddddd", linewidth=0.4)
    axes.plot(column + 0.5, row + 0.5, marker="o", markersize=3, color="black")
    axes.set_title(f"keys of query ({row}, {column}) on the grid", fontsize=7.5)
    axes.set_xticks([0, columns], ["0", str(columns)], fontsize=7)
    axes.set_yticks([0, rows], ["0", str(rows)], fontsize=7)
    axes.tick_params(length=2, width=0.6)
    for spine in axes.spines.values():
        spine.set(linewidth=0.6, color="#888888")


def _title(panel: Panel, num_tokens: int, width: int = 38) -> str:
    """Short lines that break between primitives, and within one at a comma only."""
    parts = [
        part.replace(" ", "\N{NO-BREAK SPACE}").replace(",\N{NO-BREAK SPACE}", ", ")
        for part in parts_in_words(panel.head)
    ]
    union = " +\n".join(parts)
    words = fill(union, width, break_long_words=False, break_on_hyphens=False)
    lines = [f"{panel.head_names()}: {panel.density(num_tokens)}", words, panel.stands_in()]
    return "\n".join(line for line in lines if line)


def _cell_note(num_tokens: int) -> list[str]:
    if num_tokens <= _MOST_CELLS:
        return []
    return [f"{num_tokens} tokens on {_MOST_CELLS} x {_MOST_CELLS} cells: coloured if any pair in the cell is seen"]


def _left_out_note(every: Sequence[Row], drawn: Sequence[Row]) -> list[str]:
    total, shown = (sum(map(len, rows)) for rows in (every, drawn))
    return [f"{shown} of {total} different masks are shown"] if shown < total else []


def _legend(rows: Sequence[Row], causal: bool) -> list[Patch]:
    used = {primitive.kind for row in rows for panel in row for primitive in panel.head.attend}
    patches = [Patch(color=colour, label=kind) for kind, colour in COLOURS.items() if kind in used]
    if any(panel.head.memory_tokens for row in rows for panel in row):
        patches.append(Patch(color=_MEMORY, label="memory: the segment before"))
    return [*patches, Patch(color=_FUTURE, label="future")] if causal else patches
