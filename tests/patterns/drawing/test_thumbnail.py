"""Small pictures of patterns."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.image import imread

from nas.patterns.drawing.picture import cell_colours
from nas.patterns.drawing.thumbnail import thumbnail_png
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Window
from tests.strategies import patterns


def read(png: bytes):
    return imread(BytesIO(png))[..., :3]


def test_each_mask_has_the_colours_of_a_drawing() -> None:
    pattern = ModelPattern.of([(HeadGroup(2, (Window(7),)), HeadGroup(2, (Full(),)))] * 3)
    image = read(thumbnail_png(pattern, 64))
    assert image.shape == (64, 2 * 64 + 2, 3), "layers that attend alike share a row"
    heads = pattern.layers[0].head_patterns()
    assert np.allclose(image[:, :64], cell_colours(heads[0], 64, 64), atol=1 / 255)
    assert np.allclose(image[:, -64:], cell_colours(heads[2], 64, 64), atol=1 / 255)


@pytest.mark.parametrize("num_tokens", [1, 5, 64, 1000, 131_072])
def test_every_length_gives_the_same_size(num_tokens: int) -> None:
    pattern = ModelPattern.of([(HeadGroup(1, (Window(3),)),)])
    assert read(thumbnail_png(pattern, num_tokens)).shape == (64, 64, 3)


@settings(max_examples=30, deadline=None)
@given(patterns(), st.integers(1, 96))
def test_it_is_small_whatever_the_pattern(pattern: ModelPattern, num_tokens: int) -> None:
    png = thumbnail_png(pattern, num_tokens)
    assert len(png) < 20_000
    assert max(read(png).shape) <= 4 * 64 + 3 * 2
