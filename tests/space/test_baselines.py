import pytest

from nas.patterns.file import load_pattern
from nas.patterns.primitives import Block, Columns, Full, Global, Random, Stride, Window
from nas.space.baselines import BASELINES
from nas.space.scaling import powers, random_block, root_stride, window_of
from nas.space.space import Shape

DEFAULT = Shape(num_layers=2, num_heads=4, num_tokens=128, causal=True)

each_baseline = pytest.mark.parametrize("name", BASELINES)


@each_baseline
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("num_tokens", [8, 9, 31, 128, 200])
@pytest.mark.parametrize(("num_layers", "num_heads"), [(1, 1), (3, 6)])
def test_a_baseline_fits_any_shape(name: str, causal: bool, num_tokens: int, num_layers: int, num_heads: int) -> None:
    shape = Shape(num_layers=num_layers, num_heads=num_heads, num_tokens=num_tokens, causal=causal)
    pattern = BASELINES[name](shape)
    assert (pattern.num_layers, pattern.num_heads, pattern.causal) == (num_layers, num_heads, causal)
    assert load_pattern(pattern.to_dict()) == pattern
    for layer in range(num_layers):
        assert pattern.mask(layer, num_tokens).diagonal(dim1=1, dim2=2).all()


@pytest.mark.parametrize("causal", [True, False])
def test_baselines_differ_at_the_default_shape(causal: bool) -> None:
    shape = Shape(num_layers=2, num_heads=4, num_tokens=128, causal=causal)
    assert len({make(shape).id for make in BASELINES.values()}) == len(BASELINES) == 6


@each_baseline
def test_only_full_attention_shows_everything(name: str) -> None:
    pattern = BASELINES[name](DEFAULT)
    everything = sum(int(pattern.mask(layer, 128).sum()) for layer in range(2))
    assert (everything == 2 * 4 * 128 * 129 // 2) == (name == "full")


def published(name: str, num_tokens: int, causal: bool) -> tuple[object, ...]:
    """The union of the first head at a paper's own length."""
    shape = Shape(num_layers=2, num_heads=4, num_tokens=num_tokens, causal=causal)
    return BASELINES[name](shape).layers[0].heads[0].attend


def test_at_the_papers_lengths_the_papers_numbers_come_out() -> None:
    assert published("longformer", 4096, False) == (Window(256, 256), Global(1))
    assert published("sparse_transformer_strided", 12288, True) == (Window(128), Stride(128))
    assert published("sparse_transformer_fixed", 12288, True) == (Block(128), Columns(128, 32))
    assert published("bigbird", 4096, False) == (Window(96, 96), Global(64, 64), Random(64, 3))
    assert published("local_global", 4096, True) == (Window(127),)


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
