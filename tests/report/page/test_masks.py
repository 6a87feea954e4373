"""Pictures of patterns on a page."""

from base64 import b64decode
from io import BytesIO

import matplotlib.image
import numpy as np

from nas.patterns.drawing.picture import COLOURS
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Random, Window
from nas.report.page.masks import MOST_COLUMNS, MOST_MASKS, MOST_ROWS, pattern_picture
from tests.fronts import make_pattern

WIDE, NARROW = HeadGroup(1, (Window(15), Global(2))), HeadGroup(3, (Window(3),))


def _pixels(source: str):
    head, _, data = source.partition(",")
    assert head == "data:image/png;base64"
    return matplotlib.image.imread(BytesIO(b64decode(data)), format="png")


def test_the_picture_is_the_mask():
    pattern = make_pattern(Window(3))
    [mask] = pattern_picture(pattern, 32).masks
    pixels = _pixels(mask.source)
    coloured = pixels[..., 3] == 1
    assert (coloured == pattern.mask(layer=0, num_tokens=32)[0]).all()
    future = np.triu(np.ones((32, 32), dtype=bool), 1)
    assert ((pixels[..., 3] > 0) & ~coloured == future).all(), "later keys are faint, unseen ones clear"


def test_layers_and_heads_have_their_places():
    picture = pattern_picture(ModelPattern.of([(NARROW, WIDE), (WIDE, WIDE, WIDE, WIDE)]), 64)
    rows = {row.name: [mask.letter for mask, _ in row.groups] for row in picture.rows}
    assert rows == {"0": ["A", "A", "A", "B"], "1": ["B"] * 4}
    assert [(mask.letter, mask.num_heads) for mask in picture.masks] == [("A", 3), ("B", 5)]
    assert [mask.words for mask in picture.masks] == ["window of 4 keys", "window of 16 keys + first 2 tokens global"]
    assert [mask.colour for mask in picture.masks] == [COLOURS["window"], COLOURS["global"]]


def test_a_large_model_is_folded():
    picture = pattern_picture(ModelPattern.of([(HeadGroup(MOST_COLUMNS + 1, (Full(),)),)] * (MOST_ROWS + 1)), 64)
    [row] = picture.rows
    assert (row.name, [count for _, count in row.groups]) == (f"0-{MOST_ROWS}", [MOST_COLUMNS + 1])


def test_draws_of_random_blocks_share_a_picture():
    assert len(pattern_picture(make_pattern(Window(3), Random(4, 2), heads=4), 64).masks) == 1


def test_of_very_many_masks_some_are_named_only():
    many = ModelPattern.of([(HeadGroup(1, (Window(before),)),) for before in range(MOST_MASKS + 2)])
    picture = pattern_picture(many, 64)
    assert picture.num_left_out == 2 and [bool(mask.source) for mask in picture.masks].count(True) == MOST_MASKS
    assert len({mask.letter for mask in picture.masks}) == MOST_MASKS + 2


def test_a_long_sequence_is_drawn_in_cells():
    [mask] = pattern_picture(make_pattern(Window(3)), 4096).masks
    assert _pixels(mask.source).shape == (128, 128, 4)
