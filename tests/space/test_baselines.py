"""The registry of baselines: what fits which shape, and which of them a space names."""

from typing import Any

import pytest

from nas.errors import InputError
from nas.patterns.file import load_pattern
from nas.search_spaces.everything import Everything
from nas.search_spaces.hybrid import Hybrid
from nas.search_spaces.sst import SST
from nas.space.baselines import BASELINES, DEFAULT_BASELINES, baselines_for
from nas.space.sensitivity import Sensitivity
from nas.space.space import Shape
from tests.surveys import made_survey

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
SURVEYED = {"nll_layers_25", "nll_layers_50"}
"""Which fit a causal model only if its layers have been surveyed."""

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
    assert set().union(SURVEYED, *FITTING.values()) == set(BASELINES)


def test_a_survey_lets_more_baselines_fit() -> None:
    sensitivity = Sensitivity(made_survey(4, 4, 128))
    for causal in (True, False):
        shape = Shape(num_layers=4, num_heads=4, num_tokens=128, causal=causal, context=causal, sensitivity=sensitivity)
        fitting = {name for name in BASELINES if BASELINES[name].needs.lack(shape) is None}
        assert fitting == FITTING[causal, None] | (SURVEYED if causal else set())


@pytest.mark.parametrize("shape", [DEFAULT, IMAGE], ids=str)
def test_baselines_differ(shape: Shape) -> None:
    fitting = [name for name in BASELINES if BASELINES[name].needs.lack(shape) is None]
    assert list(baselines_for(Everything(), shape)) == fitting


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
