"""The module of format `flex`, compared with plain attention."""

import pytest

from nas.errors import ExportError
from nas.export.libraries.flex_attention import check
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Random, Window
from tests.supported_patterns import files_of

PATTERN = ModelPattern.of([(HeadGroup(1, (Window(5), Random(8, 1))), HeadGroup(1, (Full(),)))] * 2)
OTHER = ModelPattern.of([PATTERN.layers[0].heads, (HeadGroup(1, (Window(4),)), HeadGroup(1, (Full(),)))])
AHEAD = ModelPattern.of([(HeadGroup(2, (Window(3, 3),)),)], causal=False, grid=(4, 6))


@pytest.mark.parametrize("pattern", [PATTERN, AHEAD], ids=["causal", "on a grid"])
def test_the_outputs_are_those_of_plain_attention(pattern):
    assert check(files_of("flex", pattern), pattern)


def test_the_module_of_another_pattern_is_found_out():
    with pytest.raises(ExportError, match=r"^flex: .* of layer 1 differ"):
        check(files_of("flex", OTHER), PATTERN)
