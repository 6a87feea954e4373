"""MLX-LM's keys, by the rule of its create_causal_mask, rewritten here."""

import json

import numpy as np
import pytest
from hypothesis import given

from nas.export.contract.heads import Refusal
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Window
from tests.strategies import quick
from tests.supported_patterns import SUPPORTED, files_of

NUM_TOKENS = 61


@quick
@given(SUPPORTED["mlx-lm"])
def test_its_windows_are_ours(pattern):
    """mlx_lm/models/base.py: linds >= rinds, and linds < rinds + window_size (0.32.2)."""
    keys = json.loads(files_of("mlx-lm", pattern)["model_config.json"])
    assert "full_attention" in keys["layer_types"], "fa_idx of its Llama"
    left, right = np.arange(NUM_TOKENS)[:, None], np.arange(NUM_TOKENS)
    for layer, kind in enumerate(keys["layer_types"]):
        theirs = left >= right
        if kind == "sliding_attention":
            theirs &= left < right + keys["sliding_window"]
        assert (theirs == pattern.mask(layer, NUM_TOKENS)).all()


def test_a_model_without_a_full_layer_is_refused():
    pattern = ModelPattern.of([(HeadGroup(2, (Window(7),)),)] * 2)
    with pytest.raises(Refusal, match=r"mlx-lm: .*layer 1, heads 0 to 1 .* at least 1 layer must have full attention"):
        files_of("mlx-lm", pattern)
