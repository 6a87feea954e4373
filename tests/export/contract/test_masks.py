"""Masks that files describe are compared with the pattern's at the lengths that matter."""

import numpy as np
import pytest

from nas.errors import ExportError
from nas.export.contract.masks import Reading, compare_masks, covering_length
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Full, Neighborhood, Primitive, Random, Stride, Window


def _pattern(*attend: Primitive, grid: tuple[int, int] | None = None) -> ModelPattern:
    return ModelPattern.of([(HeadGroup(1, (Full(),)), HeadGroup(1, attend))] * 2, grid=grid)


def _reading(pattern: ModelPattern, asked: list[int], **limits: int) -> Reading:
    """The pattern's own masks; every requested length is appended to `asked`."""

    def rows(layer, query, num_tokens):
        assert query.dtype == np.int64 and query.max() < num_tokens
        asked.append(num_tokens)
        return pattern.mask(layer, num_tokens)[:, query]

    return Reading(rows=rows, **limits)


@pytest.mark.parametrize(
    ("limits", "num_tokens", "found"),
    [
        ({}, 5, 5),
        ({"multiple_of": 16}, 1, 16),
        ({"multiple_of": 16}, 16, 16),
        ({"multiple_of": 16, "at_least": 40}, 1, 48),
        ({"only": 90}, 1, 90),
        ({"only": 90}, 1000, 90),
    ],
)
def test_the_next_length_that_is_allowed(limits, num_tokens, found):
    assert Reading(rows=lambda *_: np.ones((1, 1, 1), dtype=bool), **limits).length_from(num_tokens) == found


@pytest.mark.parametrize(
    ("pattern", "num_tokens"),
    [
        (_pattern(Window(7)), 17),
        (_pattern(Window(7, 0, 5)), 73),
        (_pattern(Window(1), Stride(50)), 103),
        (_pattern(Window(10**9)), 1 << 17),
        (_pattern(Window(1), Random(4, 1, seed=10**6)), 11),
        (_pattern(Window(1), Random(10**5, 1)), 1 << 12),
        (_pattern(Neighborhood(3, 3), grid=(4, 6)), 24),
    ],
)
def test_every_edge_lies_inside_the_covering_length(pattern, num_tokens):
    assert covering_length(pattern) == num_tokens


@pytest.mark.parametrize(
    ("pattern", "limits", "lengths", "words"),
    [
        (_pattern(Window(7)), {}, [1, 2, 17, 37], ["masks of all layers and heads at 1, 2, 17, 37 tokens"]),
        (
            _pattern(Window(200)),
            {},
            [1, 2, 37, 403],
            ["masks of all layers and heads at 1, 2, 37 tokens", "8 query rows of all masks at 403 tokens"],
        ),
        (
            _pattern(Window(7)),
            {"multiple_of": 16},
            [16, 32, 48],
            ["masks of all layers and heads at 16, 32, 48 tokens"],
        ),
        (_pattern(Window(7)), {"only": 2000}, [2000], ["8 query rows of all masks at 2000 tokens"]),
        (_pattern(Window(7), grid=(4, 6)), {}, [24], ["masks of all layers and heads at 24 tokens"]),
        (_pattern(Window(7), grid=(40, 50)), {}, [2000], ["8 query rows of all masks at 2000 tokens"]),
    ],
)
def test_the_lengths_and_how_they_are_reported(pattern, limits, lengths, words):
    asked: list[int] = []
    assert list(compare_masks(_reading(pattern, asked, **limits), pattern, "own")) == words
    assert sorted(set(asked)) == lengths


def test_the_long_length_has_an_end():
    pattern, asked = _pattern(Window(500)), list[int]()
    compare_masks(_reading(pattern, asked), pattern, "own", longest=600)
    assert max(asked) == 600


def test_a_grid_of_a_length_that_the_files_do_not_allow():
    pattern = _pattern(Full(), grid=(5, 7))
    with pytest.raises(ExportError, match=r"^own: what was read back does not allow the 35 tokens of the grid\.$"):
        compare_masks(_reading(pattern, [], multiple_of=16), pattern, "own")


@pytest.mark.parametrize("other", [Window(8), Window(7, 0, 2), Block(4)])
def test_the_first_difference_is_named(other):
    expected = r"^own: the mask read back differs from the pattern's in layer 0, head 1, at \d+ tokens\.$"
    with pytest.raises(ExportError, match=expected):
        compare_masks(_reading(_pattern(other), []), _pattern(Window(7)), "own")


def test_another_number_of_heads_is_named():
    other = ModelPattern.of([(HeadGroup(3, (Full(),)),)] * 2)
    with pytest.raises(ExportError, match=r"own: the masks read back of layer 0 must have the shape \(2, 1, 1\)"):
        compare_masks(_reading(other, []), _pattern(Full()), "own")
