import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.patterns.drawing.layout import cell_edges, describe, drawn_length, panel_rows, seen_cells, telling_length
from nas.patterns.head import HeadPattern
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Random, Window
from tests.strategies import head_cases, quick


@given(head_cases(), st.integers(1, 25))
@quick
def test_a_cell_is_seen_if_any_pair_in_it_is(case, num_cells):
    head, num_tokens = case
    num_cells = min(num_cells, num_tokens)
    mask, edges = head.mask(num_tokens), cell_edges(num_tokens, num_cells)
    cells = seen_cells(head, num_tokens, num_cells)
    for row, column in np.ndindex(num_cells, num_cells):
        pairs = mask[edges[row] : edges[row + 1], edges[column] : edges[column + 1]]
        assert pairs.size and cells[row, column] == pairs.any()


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (HeadPattern((Full(),)), "every key"),
        (HeadPattern((Window(1023), Global(4))), "window of 1,024 keys + first 4 tokens global"),
        (
            HeadPattern((Window(0), Global(1)), memory_tokens=32),
            "window of 1 key + first token global + memory of 32 tokens",
        ),
        (HeadPattern((Window(3, 2, 4),), causal=False), "window of 3 keys before, 2 after, every 4th"),
        (
            HeadPattern((Random(64, 3), Random(64, 1, seed=9))),
            "3 random blocks of 64 keys + 1 random block of 64 keys, seed 9",
        ),
    ],
)
def test_what_a_head_sees_in_words_counts_what_labels_count(head, words):
    assert describe(head) == words


@pytest.mark.parametrize(
    ("before", "num_tokens", "drawn"), [(3, 32, 32), (30, 32, 32), (31, 32, 256), (1023, 32, 8192), (1023, 2048, 2048)]
)
def test_a_drawing_is_long_enough_for_its_windows(before, num_tokens, drawn):
    pattern = ModelPattern.of([(HeadGroup(2, (Window(before),)), HeadGroup(1, (Full(),)))])
    assert drawn_length(pattern, num_tokens) == drawn


def test_what_is_alike_is_one_panel():
    local, everything = HeadGroup(2, (Window(3),)), HeadGroup(1, (Full(),))
    split = (local, everything, local)
    rows = panel_rows(ModelPattern.of([split, split, (HeadGroup(5, (Full(),)),), split]))
    names = [[(panel.layer_names(), panel.head_names()) for panel in row] for row in rows]
    assert names == [
        [("layers 0-1, 3", "heads 0-1, 3-4"), ("layers 0-1, 3", "head 2")],
        [("layer 2", "heads 0-4")],
    ]
    assert rows[1][0].density(100) == "100.0% of full"


def test_a_drawn_head_that_stands_for_others_is_named():
    drawing = (HeadGroup(2, (Window(3), Random(4, 2))),)
    (row,) = panel_rows(ModelPattern.of([drawing, drawing]))
    assert row[0].stands_in() == "shown: layer 0, head 0"
    (row,) = panel_rows(ModelPattern.of([(HeadGroup(1, (Window(3), Random(4, 2))),)]))
    assert row[0].stands_in() == ""


@pytest.mark.parametrize(("widest", "length"), [(3, 64), (16, 128), (1024, 8192), (2**20, 2**15)])
def test_the_length_that_tells_most_shows_the_widest_window(widest, length):
    pattern = ModelPattern.of([(HeadGroup(1, (Window(3),)), HeadGroup(1, (Window(widest),)), HeadGroup(1, (Full(),)))])
    assert telling_length(pattern) == length


def test_a_pattern_on_a_grid_is_drawn_on_it():
    pattern = ModelPattern.of([(HeadGroup(1, (Full(),)),)], causal=False, grid=(6, 7))
    assert telling_length(pattern) == 42
