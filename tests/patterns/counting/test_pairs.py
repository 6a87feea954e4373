import tracemalloc

import numpy as np
import pytest
from hypothesis import given

from nas.patterns.counting.pairs import count_last_pairs, count_pairs, count_row_pairs, full_pairs
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import (
    Block,
    Columns,
    Full,
    Global,
    LowRank,
    Neighborhood,
    Random,
    Select,
    Stride,
    Stripe,
    Tile,
    Window,
)
from tests.strategies import head_cases, quick


@given(head_cases())
@quick
def test_counts_equal_the_mask(case):
    head, num_tokens = case
    mask = head.mask(num_tokens)
    assert count_row_pairs(head, num_tokens).tolist() == mask.sum(axis=1).tolist()
    assert count_pairs(head, num_tokens) == mask.sum()
    assert count_last_pairs(head, num_tokens) == mask[-1].sum()


@pytest.mark.parametrize("n", [1, 7, 100, 4_096, 40_000])
def test_closed_forms(n):
    assert count_pairs(HeadPattern((Full(),)), n) == full_pairs(True, n) == n * (n + 1) // 2
    assert count_pairs(HeadPattern((Full(),), causal=False), n) == full_pairs(False, n) == n * n
    w = min(n, 128)
    assert count_pairs(HeadPattern((Window(127),)), n) == n * w - w * (w - 1) // 2
    assert count_pairs(HeadPattern((Stride(64),)), n) == sum(query // 64 + 1 for query in range(n))
    chunks, rest = divmod(n, 50)
    assert count_pairs(HeadPattern((Block(50),)), n) == chunks * 50 * 51 // 2 + rest * (rest + 1) // 2
    assert count_pairs(HeadPattern((Block(50),), causal=False), n) == chunks * 2500 + rest**2


def test_sixteen_rows_of_a_long_sequence_equal_the_predicate():
    head = HeadPattern((Window(300, dilation=3), Global(5), Stride(70), Columns(64, 3), Block(128), Random(64, 3)))
    n = 40_000
    rows = [0, 1, 63, 64, 1_000, 16_383, 16_384, 16_385, 20_000, 32_767, 32_768, 39_000, 39_935, 39_936, n - 2, n - 1]
    counts = count_row_pairs(head, n)
    for row in rows:
        assert counts[row] == head.visible(np.array(row), np.arange(n), n).sum()


def test_closed_forms_on_a_grid():
    rows, columns = 96, 50
    n = rows * columns

    def pairs(primitive, causal=False):
        return count_pairs(HeadPattern((primitive,), causal, grid=(rows, columns)), n)

    assert pairs(Stripe("row", 3)) == n * 3 * columns
    assert pairs(Stripe("column", 5)) == n * 5 * rows
    assert pairs(Tile(8, 10)) == n * 80
    assert pairs(Tile(8, 10), causal=True) == (n * 80 + n) // 2, "a tile is symmetric: half of it, and the diagonal"
    along = [sum(abs(i - j) <= reach for i in range(size) for j in range(size)) for size, reach in ((96, 2), (50, 4))]
    assert pairs(Neighborhood(5, 9)) == along[0] * along[1]


@pytest.mark.parametrize("n", [1, 5, 12, 100])
def test_computed_kinds_count_what_they_read(n):
    chosen = [sum(1 for _ in range(query // 4)) for query in range(n)]
    expected = [min(2, blocks) * 4 + query % 4 + 1 for query, blocks in enumerate(chosen)]
    assert count_row_pairs(HeadPattern((Select(4, 2),)), n).tolist() == expected
    assert count_pairs(HeadPattern((Select(4, n),)), n) == full_pairs(True, n), "choosing every block is full attention"
    assert count_last_pairs(HeadPattern((Select(4, 2),)), n) == expected[-1]
    assert count_pairs(HeadPattern((LowRank(3),), causal=False), n) == 3 * n


def test_the_memory_is_seen_by_every_query():
    head, with_memory = (HeadPattern((Window(3),), memory_tokens=memory) for memory in (0, 7))
    assert count_pairs(with_memory, 50) == count_pairs(head, 50) + 7 * 50
    assert count_last_pairs(with_memory, 50) == 4 + 7


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize(
    "attend",
    [
        (Stripe("column", 16), Global(4)),
        (Neighborhood(13, 13), Tile(16, 16)),
        (Window(255, 255), Global(4), Stride(64)),
        (Block(128), Columns(128, 8)),
        (Window(255, 255, dilation=4), Global(4)),
        (Window(255, 255), Block(512)),
    ],
)
def test_a_million_tokens_are_counted_in_memory_in_proportion(attend, causal):
    num_tokens = 1_048_576
    grid = (1024, 1024) if any(isinstance(one, Stripe | Tile) for one in attend) else None
    tracemalloc.start()
    try:
        pairs = count_pairs(HeadPattern(attend, causal, grid=grid), num_tokens)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert num_tokens <= pairs < full_pairs(causal, num_tokens)
    assert peak_bytes < 256 * num_tokens, "a mask would take 1,048,576 bytes for each token"


@pytest.mark.parametrize(
    "union",
    [
        (Window(2), Random(4, 2)),
        (Window(5, 3, 2), Global(3), Random(7, 3)),
        (Stride(5), Columns(6, 2), Random(3, 1)),
        (Window(0), Random(4, 1), Random(4, 2, 9)),
        (Window(1), Random(64, 2)),
        (Full(), Random(4, 2)),
        (Random(4, 2),),
    ],
    ids=str,
)
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("num_tokens", [1, 7, 40, 61])
def test_pairs_of_random_blocks_equal_the_dense_mask(union, causal, num_tokens):
    for layer, place in [(0, 0), (0, 1), (3, 2)]:
        head = HeadPattern(union, causal).placed(layer, place)
        assert count_pairs(head, num_tokens) == int(head.mask(num_tokens).sum())


def test_more_blocks_than_a_table_is_made_for():
    head = HeadPattern((Window(2), Random(1, 3)), True, 1, 1)
    assert count_pairs(head, 300) == int(head.mask(300).sum())
