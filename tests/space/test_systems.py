"""Published systems: at a paper's own sizes the paper's own numbers come out."""

from dataclasses import replace

import pytest

from nas.patterns.model import ModelPattern
from nas.patterns.primitives import (
    Block,
    Columns,
    Full,
    Global,
    LowRank,
    Neighborhood,
    Random,
    Select,
    Stride,
    Stripe,
    Tile,
    Window,
)
from nas.patterns.serving import ServingRules
from nas.space import systems
from nas.space.baselines import BASELINES
from nas.space.sensitivity import Sensitivity
from nas.space.space import Shape
from tests.surveys import made_survey

TEXT = Shape(
    num_layers=2,
    num_heads=4,
    num_tokens=128,
    causal=True,
    context=True,
    sensitivity=Sensitivity(made_survey(2, 4, 128)),
)
IMAGE = Shape(num_layers=4, num_heads=4, num_tokens=256, causal=False, grid=(16, 16))


def made(name: str, shape: Shape) -> ModelPattern:
    pattern = getattr(systems, name)(shape)
    assert isinstance(pattern, ModelPattern)
    return pattern


def published(name: str, num_tokens: int, causal: bool, grid: tuple[int, int] | None = None) -> tuple[object, ...]:
    """The union of the first head at a paper's own length."""
    shape = Shape(num_layers=4, num_heads=4, num_tokens=num_tokens, causal=causal, grid=grid, context=causal)
    return made(name, shape).layers[0].heads[0].attend


def test_at_the_papers_lengths_the_papers_numbers_come_out() -> None:
    assert published("longformer", 4096, False) == (Window(256, 256), Global(1))
    assert published("sparse_transformer_strided", 12288, True) == (Window(128), Stride(128))
    assert published("sparse_transformer_fixed", 12288, True) == (Block(128), Columns(128, 32))
    assert published("bigbird", 4096, False) == (Window(96, 96), Global(64, 64), Random(64, 3))
    assert published("local_global", 4096, True) == (Window(127),)
    assert published("learned_importance", 8192, True) == (Select(512, 2),)
    assert published("linformer", 512, False) == (LowRank(128, "layers"),)
    assert published("sst", 468 * 468, False, (468, 468)) == (Tile(12, 12),)
    assert published("swin", 14 * 14, False, (14, 14)) == (Tile(7, 7),)
    assert published("neighborhood", 14 * 14, False, (14, 14)) == (Neighborhood(7, 7),)
    assert published("streaming", 4096, True) == (Window(1019), Global(4))


def test_a_quarter_of_the_heads_retrieves() -> None:
    shape = Shape(num_layers=1, num_heads=32, num_tokens=32768, causal=True)
    retrieval, streaming = systems.retrieval_streaming(shape).layers[0].heads
    assert (retrieval.count, retrieval.attend) == (8, (Full(),))
    assert (streaming.count, streaming.attend) == (24, (Window(255), Global(64)))


def test_half_of_the_heads_is_local() -> None:
    full, local = systems.parallel(Shape(num_layers=1, num_heads=8, num_tokens=64, causal=True)).layers[0].heads
    assert (full.count, full.attend, local.count, local.attend) == (4, (Full(),), 4, (Window(7),))


def test_transformer_xl_remembers_a_whole_segment() -> None:
    pattern = systems.transformer_xl(TEXT)
    assert pattern.position == "relative"
    assert [layer.memory_tokens for layer in pattern.layers] == [128, 128]


def test_stripes_widen_with_depth_up_to_full() -> None:
    shape = Shape(num_layers=4, num_heads=4, num_tokens=56 * 56, causal=False, grid=(56, 56))
    layers = [[(group.count, *group.attend) for group in layer.heads] for layer in systems.cswin(shape).layers]
    assert layers == [[(2, Stripe("row", w)), (2, Stripe("column", w))] for w in (1, 4, 28)] + [[(4, Full())]]


@pytest.mark.parametrize(("layer", "side", "width"), [(0, 56, 1), (1, 28, 2), (2, 14, 7)])
def test_at_cswins_resolutions_its_stripe_widths_come_out(layer: int, side: int, width: int) -> None:
    shape = Shape(num_layers=4, num_heads=4, num_tokens=side * side, causal=False, grid=(side, side))
    groups = systems.cswin(shape).layers[layer].heads
    assert [group.attend for group in groups] == [(Stripe("row", width),), (Stripe("column", width),)]


def test_every_other_layer_is_shifted_by_half() -> None:
    tiles = [layer.heads[0].attend for layer in systems.swin(IMAGE).layers]
    assert tiles == [(Tile(8, 8),), (Tile(8, 8, 4, 4),)] * 2


def test_local_and_full_layers_take_turns() -> None:
    pattern = systems.local_global(Shape(num_layers=4, num_heads=2, num_tokens=128, causal=True))
    kinds = [layer.heads[0].attend[0].kind for layer in pattern.layers]
    assert kinds == ["window", Full.kind, "window", Full.kind]


@pytest.mark.parametrize("name", BASELINES)
def test_only_full_attention_shows_everything(name: str) -> None:
    shape = IMAGE if BASELINES[name].needs.lack(TEXT) else TEXT
    most = shape.num_tokens * (shape.num_tokens + 1) // 2 if shape.causal else shape.num_tokens**2
    heads = [head for layer in BASELINES[name](shape).layers for head in layer.head_patterns()]
    everything = all(head.computed is None and int(head.mask(shape.num_tokens).sum()) == most for head in heads)
    assert everything == (name in ("full", "transformer_xl"))


def test_serial_unites_columns_a_token_and_a_window() -> None:
    (group,) = systems.serial(TEXT).layers[0].heads
    assert group.attend == (Window(15), Global(1), Columns(16, 4))


def test_a_sliding_window_is_half_of_the_context() -> None:
    """Jiang et al. 2023, table 1."""
    shape = Shape(num_layers=32, num_heads=32, num_tokens=8192, causal=True)
    assert {head.attend for layer in systems.sliding_window(shape).layers for head in layer.head_patterns()} == {
        (Window(4095),)
    }


def test_known_retrieval_heads_are_the_ones_that_stay_full() -> None:
    """The best quarter of all heads, wherever they are; without scores, a quarter of every layer."""
    ranking = ((1, 2), (1, 0), (0, 3), (0, 0), (1, 1), (0, 1), (1, 3), (0, 2))
    shape = Shape(num_layers=2, num_heads=4, num_tokens=128, causal=True, retrieval_heads=ranking)
    pattern = systems.retrieval_streaming(shape)
    full = [
        (layer.index, place)
        for layer in pattern.layers
        for place, head in enumerate(layer.head_patterns())
        if head.attend == (Full(),)
    ]
    assert full == [(1, 0), (1, 2)]


@pytest.mark.parametrize("num_heads", [1, 2, 3])
def test_few_heads_keep_one_that_retrieves(num_heads: int) -> None:
    layer = systems.retrieval_streaming(Shape(num_layers=1, num_heads=num_heads, num_tokens=128, causal=True)).layers[0]
    assert sum(head.attend == (Full(),) for head in layer.head_patterns()) == 1


def test_a_bidirectional_window_has_half_of_its_keys_on_each_side() -> None:
    shape = Shape(num_layers=1, num_heads=1, num_tokens=128, causal=False)
    assert systems.longformer(shape).layers[0].heads[0].attend == (Window(8, 8), Global(1))
    assert systems.longformer(TEXT).layers[0].heads[0].attend == (Window(15), Global(1))


@pytest.mark.parametrize(("name", "num_full"), [("nll_layers_25", 2), ("nll_layers_50", 4)])
@pytest.mark.parametrize("with_probe", [True, False])
def test_layers_that_the_likelihood_needs_most_stay_full(name: str, num_full: int, with_probe: bool) -> None:
    """That of needles' values, or of the text where there are none."""
    survey = made_survey(8, 4, 128, with_probe=with_probe)
    shape = Shape(num_layers=8, num_heads=4, num_tokens=128, causal=True, sensitivity=Sensitivity(survey))
    lost = {
        one.part.layer: one.losses.needle if with_probe else one.losses.text
        for one in survey.parts
        if one.part.head is None and one.part.recent_tokens == 4
    }
    needed = sorted(lost, key=lambda layer: lost[layer])[-num_full:]
    heads = [layer.heads[0].attend for layer in getattr(systems, name)(shape).layers]
    assert heads == [(Full(),) if layer in needed else (Window(3), Global(4)) for layer in range(8)]


def test_local_layers_of_a_pretrained_model_see_its_sinks() -> None:
    shape = Shape(num_layers=2, num_heads=4, num_tokens=128, causal=True, weighted=True)
    assert systems.local_global(shape).layers[0].heads[0].attend == (Window(3), Global(4))


@pytest.mark.parametrize("name", ["local_global", "nll_layers_25", "nll_layers_50"])
def test_layers_for_a_target_without_first_tokens_have_a_window_alone(name: str) -> None:
    """So that a search for vLLM and the like keeps the baselines that it is for."""
    for first_tokens, wanted in ((False, (Window(3),)), (True, (Window(3), Global(4)))):
        shape = replace(TEXT, weighted=True, serving=ServingRules(first_tokens=first_tokens))
        unions = {layer.heads[0].attend for layer in made(name, shape).layers}
        assert unions == {wanted, (Full(),)}
