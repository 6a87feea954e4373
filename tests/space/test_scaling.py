import pytest

from nas.patterns.primitives import Global, Window
from nas.space.scaling import (
    first_tokens,
    global_counts,
    odd_at_most,
    powers,
    quarters,
    random_block,
    rank_counts,
    recent_widths,
    root_stride,
    root_strides,
    window_of,
    window_widths,
)
from nas.space.space import Shape


def test_windows_are_counted_as_most_libraries_count_them() -> None:
    assert window_of(16, causal=True) == Window(15)
    assert window_of(16, causal=False, dilation=2) == Window(8, 8, 2)
    assert window_of(8, causal=True, dilation=3) == Window(7, 0, 3)
    assert window_of(1, causal=True) == window_of(1, causal=False) == Window(0)


def test_no_global_token_is_no_primitive() -> None:
    assert first_tokens(0) == () and first_tokens(4) == (Global(4),)


@pytest.mark.parametrize(
    ("num_tokens", "stride"), [(1, 2), (4, 2), (5, 4), (128, 16), (256, 16), (257, 32), (12_288, 128), (16_384, 128)]
)
def test_strides_are_powers_of_two_near_the_square_root(num_tokens: int, stride: int) -> None:
    assert root_stride(num_tokens) == stride
    assert root_strides(shape(num_tokens)) == [each for each in (stride // 2, stride, 2 * stride) if each >= 2]


def shape(num_tokens: int, grain: int = 1) -> Shape:
    return Shape(num_layers=2, num_heads=4, num_tokens=num_tokens, causal=True, grain=grain)


def test_sizes_that_a_shorter_model_cannot_tell_apart_are_not_offered() -> None:
    """A proxy of 128 tokens: its own choices, 256 times as large; as many global tokens as it has itself."""
    own, target = shape(128), shape(32768, grain=256)
    for sizes in (window_widths, recent_widths, root_strides, rank_counts):
        assert sizes(target) == [256 * size for size in sizes(own)]
    assert random_block(target) == 256 * random_block(own)
    assert global_counts(target) == global_counts(own)


def test_sizes_to_choose_from() -> None:
    assert powers(3, 2, 20) == [2, 6, 18] and powers(2, 4, 3) == []
    assert window_widths(shape(100)) == [4, 8, 16, 32, 64] and window_widths(shape(2)) == [4]
    assert window_widths(shape(100), 4) == [4, 16, 64]
    assert recent_widths(shape(20)) == [2, 4, 8] and recent_widths(shape(1)) == [2]
    assert global_counts(shape(7)) == [0] and global_counts(shape(128)) == [0, 1, 4, 16]
    assert global_counts(shape(10**6)) == [0, 1, 4, 16, 64]
    assert rank_counts(shape(128)) == [4, 8, 16, 32, 64] and rank_counts(shape(1)) == [1]
    assert quarters(4) == [0, 1, 2, 3, 4] and quarters(1) == [0, 1] and quarters(6) == [0, 1, 3, 4, 6]
    assert [odd_at_most(size) for size in (1, 2, 3, 4, 5)] == [3, 3, 3, 3, 5]
    assert [random_block(shape(num_tokens)) for num_tokens in (8, 128, 4096)] == [1, 2, 64]
