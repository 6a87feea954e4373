from typing import Any

import pytest

from nas.errors import InputError
from nas.patterns.file import load_pattern
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
from nas.search_spaces.everything import Everything
from nas.search_spaces.hybrid import Hybrid
from nas.search_spaces.sst import SST
from nas.space.baselines import BASELINES, DEFAULT_BASELINES, baselines_for
from nas.space.scaling import first_tokens, odd_at_most, powers, quarters, random_block, root_stride, window_of
from nas.space.space import Shape

DEFAULT = Shape(num_layers=2, num_heads=4, num_tokens=128, causal=True, context=True)
IMAGE = Shape(num_layers=4, num_heads=4, num_tokens=256, causal=False, grid=(16, 16))
ANY_SHAPE = {"full", "longformer", "sparse_transformer_strided", "sparse_transformer_fixed", "bigbird", "local_global"}
ANY_SHAPE |= {"parallel", "serial"}
FITTING = {
    (True, None): ANY_SHAPE
    | {"learned_importance", "transformer_xl", "streaming", "retrieval_streaming", "sliding_window"},
    (False, None): ANY_SHAPE | {"linformer"},
    (False, (2, 4)): ANY_SHAPE | {"linformer", "sst", "swin", "cswin", "neighborhood"},
}
"""Which baselines fit, by causality and grid."""

each_baseline = pytest.mark.parametrize("name", BASELINES)


def own_space(*names: str) -> Any:
    """A user's space that names these baselines; none at all without names."""
    return type("Own", (), {"baselines": names} if names else {})()


@each_baseline
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize(("num_tokens", "grid"), [(8, (2, 4)), (9, None), (31, None), (128, (8, 16)), (200, (1, 200))])
@pytest.mark.parametrize(("num_layers", "num_heads"), [(1, 1), (3, 6)])
def test_a_baseline_fits_the_shape_or_says_what_it_lacks(
    name: str, causal: bool, num_tokens: int, grid: tuple[int, int] | None, num_layers: int, num_heads: int
) -> None:
    shape = Shape(
        num_layers=num_layers, num_heads=num_heads, num_tokens=num_tokens, causal=causal, grid=grid, context=causal
    )
    baseline = BASELINES[name]
    if baseline.needs.lack(shape):
        with pytest.raises(InputError, match=f"^baseline {name}: needs a"):
            baseline(shape)
        return
    pattern = baseline(shape)
    made = (pattern.num_layers, pattern.num_heads, pattern.causal, pattern.grid)
    assert made == (num_layers, num_heads, causal, grid)
    assert load_pattern(pattern.to_dict()) == pattern
    for layer in pattern.layers:
        for head in layer.head_patterns():
            assert head.outline().mask(num_tokens).diagonal().all()


@pytest.mark.parametrize(("causal", "grid"), FITTING)
def test_what_fits_is_known_beforehand(causal: bool, grid: tuple[int, int] | None) -> None:
    shape = Shape(num_layers=2, num_heads=4, num_tokens=8, causal=causal, grid=grid, context=causal)
    assert {name for name in BASELINES if BASELINES[name].needs.lack(shape) is None} == FITTING[causal, grid]
    assert set().union(*FITTING.values()) == set(BASELINES)


@pytest.mark.parametrize("shape", [DEFAULT, IMAGE], ids=str)
def test_baselines_differ(shape: Shape) -> None:
    fitting = [name for name in BASELINES if BASELINES[name].needs.lack(shape) is None]
    assert list(baselines_for(Everything(), shape)) == fitting


@each_baseline
def test_only_full_attention_shows_everything(name: str) -> None:
    shape = IMAGE if BASELINES[name].needs.lack(DEFAULT) else DEFAULT
    most = shape.num_tokens * (shape.num_tokens + 1) // 2 if shape.causal else shape.num_tokens**2
    heads = [head for layer in BASELINES[name](shape).layers for head in layer.head_patterns()]
    everything = all(head.computed is None and int(head.mask(shape.num_tokens).sum()) == most for head in heads)
    assert everything == (name in ("full", "transformer_xl"))


def test_a_space_names_its_baselines() -> None:
    assert tuple(baselines_for(Hybrid(), DEFAULT)) == Hybrid.baselines
    assert tuple(baselines_for(own_space(), DEFAULT)) == DEFAULT_BASELINES
    assert tuple(baselines_for(own_space("streaming"), DEFAULT)) == ("full", "streaming")
    assert tuple(baselines_for(SST(), IMAGE)) == ("full", "sst", "swin", "neighborhood")
    with pytest.raises(InputError, match=r"^space.baselines: unknown baseline; .* Did you mean 'streaming'"):
        baselines_for(own_space("streamin"), DEFAULT)


def test_equal_baselines_are_trained_once() -> None:
    one_head = Shape(num_layers=1, num_heads=1, num_tokens=16, causal=False, grid=(4, 4))
    assert BASELINES["sst"](one_head) == BASELINES["swin"](one_head)
    assert BASELINES["parallel"](one_head) == BASELINES["full"](one_head)
    made = baselines_for(own_space("swin", "parallel", "sst"), one_head)
    assert list(made) == ["full", "swin"]


def published(name: str, num_tokens: int, causal: bool, grid: tuple[int, int] | None = None) -> tuple[object, ...]:
    """The union of the first head at a paper's own length."""
    shape = Shape(num_layers=4, num_heads=4, num_tokens=num_tokens, causal=causal, grid=grid, context=causal)
    return BASELINES[name](shape).layers[0].heads[0].attend


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
    retrieval, streaming = BASELINES["retrieval_streaming"](shape).layers[0].heads
    assert (retrieval.count, retrieval.attend) == (8, (Full(),))
    assert (streaming.count, streaming.attend) == (24, (Window(255), Global(64)))


def test_half_of_the_heads_is_local() -> None:
    full, local = BASELINES["parallel"](Shape(num_layers=1, num_heads=8, num_tokens=64, causal=True)).layers[0].heads
    assert (full.count, full.attend, local.count, local.attend) == (4, (Full(),), 4, (Window(7),))


def test_transformer_xl_remembers_a_whole_segment() -> None:
    pattern = BASELINES["transformer_xl"](DEFAULT)
    assert pattern.position == "relative"
    assert [layer.memory_tokens for layer in pattern.layers] == [128, 128]


def test_stripes_widen_with_depth_up_to_full() -> None:
    shape = Shape(num_layers=4, num_heads=4, num_tokens=56 * 56, causal=False, grid=(56, 56))
    layers = [[(group.count, *group.attend) for group in layer.heads] for layer in BASELINES["cswin"](shape).layers]
    assert layers == [[(2, Stripe("row", w)), (2, Stripe("column", w))] for w in (1, 4, 28)] + [[(4, Full())]]


@pytest.mark.parametrize(("layer", "side", "width"), [(0, 56, 1), (1, 28, 2), (2, 14, 7)])
def test_at_cswins_resolutions_its_stripe_widths_come_out(layer: int, side: int, width: int) -> None:
    shape = Shape(num_layers=4, num_heads=4, num_tokens=side * side, causal=False, grid=(side, side))
    groups = BASELINES["cswin"](shape).layers[layer].heads
    assert [group.attend for group in groups] == [(Stripe("row", width),), (Stripe("column", width),)]


def test_every_other_layer_is_shifted_by_half() -> None:
    tiles = [layer.heads[0].attend for layer in BASELINES["swin"](IMAGE).layers]
    assert tiles == [(Tile(8, 8),), (Tile(8, 8, 4, 4),)] * 2


def test_local_and_full_layers_take_turns() -> None:
    pattern = BASELINES["local_global"](Shape(num_layers=4, num_heads=2, num_tokens=128, causal=True))
    kinds = [layer.heads[0].attend[0].kind for layer in pattern.layers]
    assert kinds == ["window", Full.kind, "window", Full.kind]


@pytest.mark.parametrize(("num_tokens", "stride"), [(1, 2), (4, 2), (5, 4), (16, 4), (128, 16), (12288, 128)])
def test_the_stride_is_a_power_of_two_near_the_root(num_tokens: int, stride: int) -> None:
    assert root_stride(num_tokens) == stride


def test_windows_are_counted_in_keys() -> None:
    assert window_of(1, causal=True) == window_of(1, causal=False) == Window(0)
    assert window_of(8, causal=True, dilation=3) == Window(7, 0, 3)
    assert window_of(8, causal=False) == Window(4, 4)


def test_sizes_stay_usable_on_short_sequences() -> None:
    assert random_block(8) == 1
    assert powers(2, 4, 3) == []
    assert powers(4, 1, 64) == [1, 4, 16, 64]
    assert (odd_at_most(2), odd_at_most(7), odd_at_most(8)) == (3, 7, 7)
    assert (quarters(1), quarters(6)) == ([0, 1], [0, 1, 3, 4, 6])
    assert first_tokens(0) == ()
