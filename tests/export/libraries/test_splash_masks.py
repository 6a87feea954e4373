"""JAX itself reads what is exported for it."""

import pytest
from hypothesis import given, settings

from nas.errors import ExportError
from tests.strategies import quick
from tests.supported_patterns import SUPPORTED, files_of

pytest.importorskip("jax", reason="JAX is not installed; see constraints.txt")


@settings(quick, max_examples=15)
@given(SUPPORTED["splash"])
def test_its_masks_are_ours(pattern):
    from nas.export.libraries import splash_masks

    assert splash_masks.check(files_of("splash", pattern), pattern)


def test_another_pattern_is_found_out():
    from nas.export.libraries import splash_masks
    from tests.supported_patterns import EXAMPLES

    pattern = EXAMPLES["splash"]
    [first, second] = pattern.layers
    swapped = type(pattern).of([second.heads, first.heads])
    with pytest.raises(ExportError, match="differs"):
        splash_masks.check(files_of("splash", pattern), swapped)
