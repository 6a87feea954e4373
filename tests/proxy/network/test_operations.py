"""Against each operation written out for one member, sequence and token."""

import torch

from nas.proxy.network.operations import by_place, normed, normed_product, shifted

GENERATOR = torch.Generator().manual_seed(0)


def test_the_norm_scales_features_to_a_mean_square_of_one() -> None:
    x = torch.randn(2, 5, 8, generator=GENERATOR)
    torch.testing.assert_close(normed(x).square().mean(dim=2), torch.ones(2, 5))


def test_a_product_is_that_of_the_normed_state_with_its_gain() -> None:
    x, gain, matrix = (torch.randn(*shape, generator=GENERATOR) for shape in ((2, 5, 8), (2, 8), (2, 8, 3)))
    for member in range(2):
        expected = (normed(x[member]) * gain[member]) @ matrix[member]
        torch.testing.assert_close(normed_product(x, gain, matrix)[member], expected)


def test_tokens_come_back_to_their_places() -> None:
    x, tokens = torch.arange(2 * 12 * 4).view(2, 12, 4), torch.zeros(3, 4, dtype=torch.int64)
    assert torch.equal(by_place(x, tokens)[1, 2, 3], x[1, 2 * 4 + 3])


def test_each_token_is_mixed_with_the_one_before_it() -> None:
    x, share = torch.randn(2, 3, 4, 5, generator=GENERATOR), torch.rand(2, 5, generator=GENERATOR)
    mixed = shifted(x, share)
    for token in range(4):
        before = x[:, :, token - 1] if token else torch.zeros(2, 3, 5)
        expected = x[:, :, token] * (1 - share[:, None]) + before * share[:, None]
        torch.testing.assert_close(mixed[:, :, token], expected)
