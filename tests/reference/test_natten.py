"""Our neighborhoods against NATTEN's, written plainly: where they are equal, and how far they are not.

Theirs: a query sees a box of h x w keys around it; near an edge the box moves inwards, so that every query keeps h * w
keys (Hassani et al. 2023, Neighborhood Attention Transformer, section 3.1). Ours is cut at the edge, the query in its
middle.
"""

import pytest
import torch

from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Neighborhood


def first_neighbor(place, length, size):
    """Where the box of a query at `place` starts along one axis."""
    return min(max(place - size // 2, 0), length - size)


def theirs(grid, height, width):
    rows, columns = grid
    mask = torch.zeros(rows, columns, rows, columns, dtype=torch.bool)
    for row in range(rows):
        for column in range(columns):
            top, left = first_neighbor(row, rows, height), first_neighbor(column, columns, width)
            mask[row, column, top : top + height, left : left + width] = True
    return mask


def ours(grid, height, width):
    tokens = grid[0] * grid[1]
    mask = HeadPattern((Neighborhood(height, width),), causal=False, grid=grid).mask(tokens)
    return torch.from_numpy(mask).view(*grid, *grid)


@pytest.mark.parametrize(("grid", "height", "width"), [((8, 8), 3, 3), ((7, 9), 3, 5), ((5, 11), 5, 7), ((6, 6), 1, 1)])
def test_the_same_away_from_the_edges(grid, height, width):
    ups, sides = height // 2, width // 2
    inner = (slice(ups, grid[0] - ups), slice(sides, grid[1] - sides))
    assert theirs(grid, height, width)[inner].numel()
    assert torch.equal(theirs(grid, height, width)[inner], ours(grid, height, width)[inner])


@pytest.mark.parametrize(("grid", "height", "width"), [((8, 8), 3, 3), ((7, 9), 3, 5), ((5, 11), 5, 7)])
def test_at_the_edges_ours_is_the_part_of_the_box_that_lies_inside(grid, height, width):
    """Each row of ours is contained in theirs, which keeps h * w keys."""
    assert not (ours(grid, height, width) & ~theirs(grid, height, width)).any()
    assert (theirs(grid, height, width).sum(dim=(2, 3)) == height * width).all()
    rows, columns = (
        torch.tensor([sum(abs(one - other) <= size // 2 for other in range(length)) for one in range(length)])
        for length, size in zip(grid, (height, width), strict=True)
    )
    assert torch.equal(ours(grid, height, width).sum(dim=(2, 3)), rows[:, None] * columns)


@pytest.mark.parametrize(
    ("grid", "size", "pairs", "pairs_of_theirs", "equal_rows"),
    [((8, 8), 3, 484, 576, 36), ((56, 56), 7, 144_400, 153_664, 2_500)],  # the second: the first stage of NAT
)
def test_the_difference_in_numbers(grid, size, pairs, pairs_of_theirs, equal_rows):
    """The figures of docs/patterns.md, "What the libraries mean"."""
    one, other = ours(grid, size, size), theirs(grid, size, size)
    assert (int(one.sum()), int(other.sum())) == (pairs, pairs_of_theirs)
    assert int((one == other).all(3).all(2).sum()) == equal_rows
