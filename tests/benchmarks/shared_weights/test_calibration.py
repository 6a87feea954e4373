from math import log2

import pytest
import torch
from shared_weights.calibration import calibrated, window_features

from tests.families import FULL, two_layers, window
from tests.tiny_supernet import NARROW, WIDE


def test_features_are_the_keys_of_a_query() -> None:
    wide, narrow, mixed = window_features([WIDE, NARROW, two_layers(window(1), FULL)], 32).tolist()
    assert wide == pytest.approx([log2(33 / 2)] * 2)
    assert narrow == pytest.approx([log2(63 / 32)] * 2)
    assert mixed == pytest.approx([log2((33 / 2 + 63 / 32) / 2)] * 2)


def test_a_calibration_finds_a_law_and_trusts_little_by_itself() -> None:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(40, 2, generator=generator).double()
    truths = (3 - 2 * inputs[:, 0]).numpy()
    known = [1, 5, 9, 20, 33]
    found = calibrated(inputs.numpy(), known, truths[known], penalty=1e-9)
    assert found.tolist() == pytest.approx(truths.tolist(), abs=1e-6)
    calm = calibrated(inputs.numpy(), known, truths[known], penalty=1e9)
    assert calm.tolist() == pytest.approx([truths[known].mean()] * 40, abs=1e-6)
    constant = inputs.clone()
    constant[:, 1] = 7
    assert calibrated(constant.numpy(), known, truths[known]).shape == (40,)
