"""Against each operation written out for one member, sequence and token."""

import torch

from nas.proxy.network.operations import by_place, normed, normed_product

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


def test_gradients_of_a_product_are_those_of_its_parts() -> None:
    leaves = [
        torch.randn(*shape, generator=GENERATOR, dtype=torch.float64).requires_grad_()
        for shape in ((2, 5, 8), (2, 8), (2, 8, 3))
    ]
    assert torch.autograd.gradcheck(normed_product, leaves)
    x, gain, matrix = leaves
    plain = torch.bmm(normed(x) * gain[:, None], matrix)
    upstream = torch.randn(2, 5, 3, generator=GENERATOR, dtype=torch.float64)
    ours, theirs = (torch.autograd.grad(out, leaves, upstream) for out in (normed_product(*leaves), plain))
    for own, their in zip(ours, theirs, strict=True):
        torch.testing.assert_close(own, their)


def test_under_autocast_the_product_is_in_lower_precision_and_its_gradients_are_not() -> None:
    leaves = [torch.randn(*shape, generator=GENERATOR).requires_grad_() for shape in ((2, 5, 8), (2, 8), (2, 8, 3))]
    with torch.autocast("cpu", torch.bfloat16):
        low = normed_product(*leaves)
    exact = normed_product(*leaves)
    assert low.dtype == torch.bfloat16
    torch.testing.assert_close(low.float(), exact, rtol=0.02, atol=0.05)
    upstream = torch.randn(2, 5, 3, generator=GENERATOR)
    ours = torch.autograd.grad(low, leaves, upstream.bfloat16())
    theirs = torch.autograd.grad(exact, leaves, upstream)
    for own, their in zip(ours, theirs, strict=True):
        assert own.dtype == torch.float32
        torch.testing.assert_close(own, their, rtol=0.02, atol=0.1)
