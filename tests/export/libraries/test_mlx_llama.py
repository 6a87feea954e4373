"""MLX-LM itself reads what is exported for it."""

import pytest
from hypothesis import given, settings

from nas.errors import ExportError
from tests.strategies import quick
from tests.supported_patterns import SUPPORTED, files_of

pytest.importorskip("mlx_lm", reason="MLX-LM is not installed; see constraints.txt")


@settings(quick, max_examples=15)
@given(SUPPORTED["mlx-lm"])
def test_its_masks_are_ours(pattern):
    from nas.export.libraries import mlx_llama

    assert mlx_llama.check(files_of("mlx-lm", pattern), pattern)


def test_another_pattern_is_found_out():
    from nas.export.libraries import mlx_llama
    from tests.supported_patterns import EXAMPLES

    pattern = EXAMPLES["mlx-lm"]
    [first, second] = pattern.layers
    swapped = type(pattern).of([second.heads, first.heads])
    with pytest.raises(ExportError, match="differs"):
        mlx_llama.check(files_of("mlx-lm", pattern), swapped)
