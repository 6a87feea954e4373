"""A pattern drawn with characters, for a terminal."""

from itertools import zip_longest
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray

from nas.patterns.drawing.layout import Panel, describe, panel_rows, seen_cells
from nas.patterns.model import ModelPattern

_NUM_CELLS = 32
_WIDTH = 80
_GAP = "  "
_HALVES = np.array([" ", "▄", "▀", "█"])


def draw_text(pattern: ModelPattern, num_tokens: int = 32) -> str:
    """The masks as small grids, queries downwards and keys to the right, at most 80 columns wide.

    Layers that attend alike are drawn once, and so are heads. Sequences of more than 32 tokens are drawn with
    32 x 32 cells, each filled if any pair in it is seen.

    Args:
        pattern: any pattern.
        num_tokens: sequence length n that is drawn, in tokens.
    """
    num_cells = min(num_tokens, _NUM_CELLS)
    lines: list[str] = []
    for row in panel_rows(pattern):
        for panel in row:
            lines += wrap(_caption(panel, num_tokens), _WIDTH, subsequent_indent="  ")
        lines.append("")
        grids = [[_label(panel), *_grid(seen_cells(panel.head, num_tokens, num_cells))] for panel in row]
        lines += _side_by_side(grids, column_width=max(num_cells, *(len(grid[0]) for grid in grids)))
    if num_cells < num_tokens:
        cells = f"{num_cells} x {num_cells} cells"
        lines.append(f"{num_tokens} tokens on {cells}; a cell is filled if any pair in it is seen.")
    return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"


def _caption(panel: Panel, num_tokens: int) -> str:
    density, shown = panel.density(num_tokens), panel.stands_in()
    seen = f"{panel.layer_names()}, {panel.head_names()}: {describe(panel.head)}; {density}"
    return f"{seen}; {shown}" if shown else seen


def _label(panel: Panel) -> str:
    """The heads, cut to the width of a grid; the caption lists them all."""
    names = panel.head_names()
    return names if len(names) <= _NUM_CELLS else names[: _NUM_CELLS - 1] + "…"


def _grid(cells: NDArray[np.bool_]) -> list[str]:
    """Two rows of cells in each line of characters."""
    padded = np.pad(cells, ((0, len(cells) % 2), (0, 0))).astype(np.int64)
    return ["".join(_HALVES[line]) for line in 2 * padded[0::2] + padded[1::2]]


def _side_by_side(grids: list[list[str]], column_width: int) -> list[str]:
    """Grids in as few rows as fit into the width, each row followed by an empty line."""
    a_row = max(1, (_WIDTH + len(_GAP)) // (column_width + len(_GAP)))
    lines: list[str] = []
    for start in range(0, len(grids), a_row):
        rows = zip_longest(*grids[start : start + a_row], fillvalue="")
        lines += [_GAP.join(part.ljust(column_width) for part in parts) for parts in rows] + [""]
    return lines
