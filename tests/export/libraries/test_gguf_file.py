"""gguf itself reads what is exported for it."""

import pytest
from hypothesis import given, settings

from nas.errors import ExportError
from tests.strategies import quick
from tests.supported_patterns import SUPPORTED, files_of

pytest.importorskip("gguf", reason="gguf is not installed; see constraints.txt")


@settings(quick, max_examples=15)
@given(SUPPORTED["gguf"])
def test_its_masks_are_ours(pattern):
    from nas.export.libraries import gguf_file

    assert gguf_file.check(files_of("gguf", pattern), pattern)


def test_another_pattern_is_found_out():
    from nas.export.libraries import gguf_file
    from tests.supported_patterns import EXAMPLES

    pattern = EXAMPLES["gguf"]
    [first, second] = pattern.layers
    swapped = type(pattern).of([second.heads, first.heads])
    with pytest.raises(ExportError, match="differs"):
        gguf_file.check(files_of("gguf", pattern), swapped)
