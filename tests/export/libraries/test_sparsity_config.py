"""DeepSpeed's own layouts, made of an exported section."""

import pytest
from hypothesis import given, settings

from tests.strategies import quick
from tests.supported_patterns import SUPPORTED, files_of


@settings(quick, max_examples=25)
@given(SUPPORTED["deepspeed"])
def test_the_layouts_that_deepspeed_makes_of_the_section_are_ours(pattern):
    pytest.importorskip("deepspeed", reason="DeepSpeed is not installed, and no dependency: it is hard to install")
    sparsity_config = pytest.importorskip("nas.export.libraries.sparsity_config")
    assert sparsity_config.check(files_of("deepspeed", pattern), pattern)
