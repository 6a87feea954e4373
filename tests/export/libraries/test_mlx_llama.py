"""MLX-LM itself reads what is exported for it."""

import re
from pathlib import Path

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


def test_the_models_that_read_the_keys_are_those_whose_arguments_have_both():
    """By their source, as importing every model takes long; mistral is loaded as a llama, gemma4 as its text model."""
    import mlx_lm.models

    from nas.export.formats.mlx_lm import READ_BY

    [folder] = map(Path, mlx_lm.models.__path__)
    reading = {
        file.stem
        for file in folder.glob("*.py")
        if all(re.search(rf"^    {key}: ", file.read_text(), re.MULTILINE) for key in ("layer_types", "sliding_window"))
    }
    assert reading | {"mistral", "gemma4"} == READ_BY
