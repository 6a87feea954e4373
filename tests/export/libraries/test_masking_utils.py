"""transformers' own masks and layers, made of exported keys."""

import pytest
from hypothesis import given, settings

from nas.errors import ExportError
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Full, Primitive, Window
from tests.strategies import quick
from tests.supported_patterns import SUPPORTED, files_of


def _pattern(*layers: tuple[Primitive, ...], causal: bool = True, grid: tuple[int, int] | None = None) -> ModelPattern:
    return ModelPattern.of([(HeadGroup(2, union),) for union in layers], causal=causal, grid=grid)


@settings(quick, max_examples=25)
@given(SUPPORTED["transformers-config"])
def test_the_masks_that_transformers_makes_of_the_keys_are_ours(pattern):
    pytest.importorskip("transformers", reason="transformers is not installed; pip install '.[dev]'")
    masking_utils = pytest.importorskip("nas.export.libraries.masking_utils")
    assert masking_utils.check(files_of("transformers-config", pattern), pattern)


@pytest.mark.parametrize("union", [(Window(5),), (Block(4),)])
def test_other_keys_are_found_out(union):
    masking_utils = pytest.importorskip("nas.export.libraries.masking_utils")
    pattern = _pattern((Full(),), union)
    with pytest.raises(ExportError, match="the mask read back differs from the pattern's in layer 1, head 0"):
        masking_utils.check(files_of("transformers-config", pattern), _pattern((Full(),), (Window(6),)))


@pytest.mark.parametrize(("grid", "compared"), [((5, 7), False), ((4, 6), True)])
def test_longformers_layers_are_compared_on_grids_whose_length_they_have(grid, compared):
    masking_utils = pytest.importorskip("nas.export.libraries.masking_utils")
    pattern = _pattern((Window(4, 4),), causal=False, grid=grid)
    assert bool(masking_utils.check(files_of("transformers-config", pattern), pattern)) == compared
