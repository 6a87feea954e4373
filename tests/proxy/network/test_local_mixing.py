"""Local mixing against sums written out, and where it stands in a proxy's weights."""

from dataclasses import replace

import torch
from torch.nn import functional

from nas.proxy.network.layout import layout_for
from nas.proxy.network.local_mixing import convolved, shifted
from nas.proxy.settings import ProxySettings
from tests.families import two_layers, window
from tests.noise_task import NoiseTask

GENERATOR = torch.Generator().manual_seed(0)


def test_each_token_is_mixed_with_the_one_before_it() -> None:
    x, share = torch.randn(2, 3, 4, 5, generator=GENERATOR), torch.rand(2, 5, generator=GENERATOR)
    mixed = shifted(x, share)
    for token in range(4):
        before = x[:, :, token - 1] if token else torch.zeros(2, 3, 5)
        expected = x[:, :, token] * (1 - share[:, None]) + before * share[:, None]
        torch.testing.assert_close(mixed[:, :, token], expected)


def test_a_convolution_is_that_of_torch_for_each_member() -> None:
    x, taps = torch.randn(2, 3, 7, 5, generator=GENERATOR), torch.randn(2, 4, 5, generator=GENERATOR)
    for member in range(2):
        kernel = taps[member].flip(0).T[:, None]  # torch's stands the other way round
        padded = functional.pad(x[member].mT, (3, 0))
        expected = x[member] + functional.conv1d(padded, kernel, groups=5).mT
        torch.testing.assert_close(convolved(x, taps)[member], expected)


def test_a_convolution_wider_than_the_sequence_sees_all_there_is() -> None:
    x, taps = torch.randn(1, 1, 2, 3, generator=GENERATOR), torch.randn(1, 4, 3, generator=GENERATOR)
    last = x[0, 0, 1] * (1 + taps[0, 0]) + x[0, 0, 0] * taps[0, 1]
    torch.testing.assert_close(convolved(x, taps)[0, 0, 1], last)


def test_convolutions_add_weights_that_start_at_random_and_change_no_others() -> None:
    proxy, task, pattern = ProxySettings(d_model=16), NoiseTask(), two_layers(window(2), window(2))
    plain = layout_for(pattern, proxy, task)
    mixing = layout_for(pattern, replace(proxy, convolution_tokens=4), task)
    assert mixing.num_parameters == plain.num_parameters + 2 * 4 * 16
    weights, others = (layout.unpack(layout.initial_row(3)[None]) for layout in (mixing, plain))
    taps = torch.cat([weights["0.convolution"], weights["1.convolution"]])
    assert taps.shape == (2, 4, 16) and 0.2 < taps.std() < 0.3
    assert all(torch.equal(weights[name], other) for name, other in others.items())
