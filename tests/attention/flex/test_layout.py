"""Few sizes for many numbers of heads, and padding that no head sees."""

import pytest
import torch

from nas.attention.flex.layout import BLOCK, Layout, slots
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Window


def layout(num_heads: int, memory_tokens: int = 0) -> Layout:
    return Layout.of((HeadPattern((Window(3),), memory_tokens=memory_tokens),) * num_heads, 8)


def test_heads_come_in_few_numbers() -> None:
    padded = [layout(number).num_heads for number in range(1, 65)]
    assert sorted(set(padded)) == [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]
    assert all(number <= more <= 1.5 * number for number, more in enumerate(padded, start=1))


@pytest.mark.parametrize(("rows", "padded"), [(0, 0), (1, 128), (128, 128), (129, 256), (257, 512), (512, 512)])
def test_memory_comes_in_whole_blocks(rows: int, padded: int) -> None:
    assert layout(1, rows).memory_rows == padded
    assert padded % BLOCK == 0


def test_slots_are_a_power_of_two_and_no_fewer_than_the_least() -> None:
    assert [slots(needed, 4) for needed in (0, 3, 4, 5, 9)] == [4, 4, 4, 8, 16]
    assert slots(0, 0) == 0


def test_what_fits_is_not_copied() -> None:
    q, k, v = (torch.randn(2, 6, 8, width) for width in (4, 4, 3))
    assert all(one is other for one, other in zip(layout(6).pad(q, k, v, None, 0), (q, k, v), strict=True))


def test_padding_is_behind_the_heads_and_before_the_memory() -> None:
    q, k, v = (torch.randn(2, 5, 8, width) for width in (4, 4, 3))
    memory = torch.randn(2, 5, 9, 4), torch.randn(2, 5, 9, 3)
    padded = layout(5, 6).pad(q.transpose(0, 1).contiguous().transpose(0, 1), k, v, memory, 6)
    assert [tuple(x.shape) for x in padded] == [(2, 6, 8, 4), (2, 6, 136, 4), (2, 6, 136, 3)]
    assert all(x.is_contiguous() for x in padded)
    assert torch.equal(padded[0][:, :5], q)
    for x, own, old in zip(padded[1:], (k, v), memory, strict=True):
        assert torch.equal(x[:, :5, 128:], own)
        assert torch.equal(x[:, :5, 122:128], old[:, :, -6:])
        assert not x[:, :5, :122].any()
        assert not x[:, 5].any()
