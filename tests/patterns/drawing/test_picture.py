import pytest
from hypothesis import given
from matplotlib.colors import to_rgb
from PIL import Image

from nas.errors import InputError
from nas.patterns.drawing.picture import (
    COLOURS,
    cell_colours,
    draw_picture,
    map_colours,
    pattern_figure,
    picture_png,
)
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import PRIMITIVES, Full, Global, Neighborhood, Random, Stride, Stripe, Tile, Window
from tests.strategies import head_cases, quick

PATTERN = ModelPattern.of(
    [
        (HeadGroup(3, (Window(4), Global(1))), HeadGroup(1, (Full(),))),
        (HeadGroup(4, (Window(2), Stride(8), Random(4, 1))),),
    ]
)


def test_every_kind_has_its_own_colour():
    assert set(COLOURS) == set(PRIMITIVES)
    assert len(set(COLOURS.values())) == len(COLOURS)


@given(head_cases())
@quick
def test_a_pair_has_the_colour_of_the_first_primitive_that_shows_it(case):
    head, num_tokens = case
    image, context = cell_colours(head, num_tokens, num_tokens), head.context(num_tokens)
    for query in range(num_tokens):
        for key in range(num_tokens):
            kinds = [primitive.kind for primitive in head.attend if primitive.allows(query, key, context)]
            colour = COLOURS[kinds[0]] if kinds else "#ffffff"
            expected = "#ebebeb" if head.causal and key > query else colour
            assert tuple(image[query, key]) == to_rgb(expected)


@pytest.mark.parametrize("num_tokens", [7, 1_000])
def test_the_same_png_every_time(num_tokens, tmp_path):
    for name in ("one.png", "two.png"):
        draw_picture(PATTERN, tmp_path / name, num_tokens)
    content = (tmp_path / "one.png").read_bytes()
    assert content.startswith(b"\x89PNG") and len(content) > 5_000
    assert content == (tmp_path / "two.png").read_bytes()


def test_panels_say_what_they_show():
    figure = pattern_figure(PATTERN, 1_000)
    titles = [axes.get_title().replace("\xa0", " ") for axes in figure.axes if axes.axison]
    assert titles[0] == "heads 0-2: 1.2% of full\nwindow of 5 keys + first token global"
    assert titles[1] == "head 3: 100.0% of full\nevery key"
    assert titles[2].endswith("shown: layer 1, head 0")
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "full",
        "window",
        "global",
        "stride",
        "random",
        "future",
    ]
    assert legend.get_title().get_text().startswith("1000 tokens on 256 x 256 cells")


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match=r"file/p.png: must be a file that can be written, got 'File exists"):
        draw_picture(PATTERN, tmp_path / "file" / "p.png", 8)


def test_a_link_is_replaced_and_its_target_is_kept(tmp_path):
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "p.png").symlink_to(tmp_path / "mine")
    draw_picture(PATTERN, tmp_path / "p.png", 8)
    assert (tmp_path / "mine").read_text() == "mine"
    assert (tmp_path / "p.png").read_bytes() == picture_png(PATTERN, 8)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_the_older_picture(tmp_path):
    (tmp_path / "p.png").write_bytes(b"older")
    with pytest.raises(InputError, match=r"p.png: must be .*, got 'No space left on device'\.$"):
        draw_picture(PATTERN, tmp_path / "p.png", 8)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"p.png": b"older"}


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize(
    "attend", [(Stripe("column", 2),), (Tile(2, 2, 1, 1),), (Neighborhood(3, 3), Global(1)), (Full(),)], ids=str
)
def test_a_map_is_the_row_of_its_query(attend, causal):
    (head,) = ModelPattern.of([(HeadGroup(1, attend),)], causal=causal, grid=(4, 6)).layers[0].head_patterns()
    image = cell_colours(head, 24, 24)
    for query in range(24):
        assert (map_colours(head, 24, query) == image[query].reshape(4, 6, 3)).all()


def test_a_grid_gets_a_map_under_each_mask():
    layers = [(HeadGroup(1, (Stripe("row", 1),)), HeadGroup(1, (Stripe("column", 1),))), (HeadGroup(2, (Full(),)),)]
    figure = pattern_figure(ModelPattern.of(layers, causal=False, grid=(4, 6)), 24)
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert sum("keys of query (2, 3) on the grid" in title for title in titles) == 3
    assert len(titles) == 6


def test_the_picture_names_its_pattern(tmp_path):
    draw_picture(PATTERN, tmp_path / "p.png", 16)
    with Image.open(tmp_path / "p.png") as picture:
        assert picture.info["Pattern"] == PATTERN.id


@pytest.mark.parametrize(("num_layers", "num_heads", "shown"), [(20, 3, 48), (2, 12, 16), (16, 8, None)])
def test_a_picture_of_many_masks_says_how_many_it_leaves_out(num_layers, num_heads, shown):
    widths = (range(layer, layer + num_heads) for layer in range(num_layers))
    pattern = ModelPattern.of([tuple(HeadGroup(1, (Window(width),)) for width in own) for own in widths])
    (legend,) = pattern_figure(pattern, 64).legends
    note = f"{shown} of {num_layers * num_heads} different masks are shown" if shown else ""
    assert legend.get_title().get_text() == note
