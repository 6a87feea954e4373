"""Megatron-Core itself reads what is exported for it."""

import pytest
from hypothesis import given, settings

from nas.errors import ExportError
from tests.strategies import quick
from tests.supported_patterns import SUPPORTED, files_of

pytest.importorskip("megatron.core", reason="Megatron-Core is not installed; see constraints.txt")


@settings(quick, max_examples=15)
@given(SUPPORTED["megatron-core"])
def test_its_masks_are_ours(pattern):
    from nas.export.libraries import megatron_masks

    assert megatron_masks.check(files_of("megatron-core", pattern), pattern)


def test_another_pattern_is_found_out():
    from nas.export.libraries import megatron_masks
    from tests.supported_patterns import EXAMPLES

    pattern = EXAMPLES["megatron-core"]
    [first, second] = pattern.layers
    swapped = type(pattern).of([second.heads, first.heads])
    with pytest.raises(ExportError, match="differs"):
        megatron_masks.check(files_of("megatron-core", pattern), swapped)
