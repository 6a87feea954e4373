import time

import pytest
import torch
from hypothesis import given
from strategies import LENGTHS, heads, patterns, quick

from nas.patterns.counts import count_pairs, count_row_pairs, full_pairs, model_pairs
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Block, Columns, Full, Global, Random, Stride, Window


@given(heads(), LENGTHS)
@quick
def test_counts_equal_the_mask(head, num_tokens):
    mask = head.mask(num_tokens)
    assert count_row_pairs(head, num_tokens).tolist() == mask.sum(dim=1).tolist()
    assert count_pairs(head, num_tokens) == mask.sum()


@given(patterns(), LENGTHS)
@quick
def test_a_model_counts_all_its_heads(pattern, num_tokens):
    masks = [pattern.mask(layer, num_tokens) for layer in range(pattern.num_layers)]
    assert model_pairs(pattern, num_tokens) == sum(int(mask.sum()) for mask in masks)


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
        assert counts[row] == head.visible(torch.tensor(row), torch.arange(n), n).sum()


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize(
    "attend",
    [
        (Window(255, 255), Global(4), Stride(64)),
        (Block(128), Columns(128, 8)),
        (Window(255, 255, dilation=4), Global(4)),
        (Window(255, 255), Block(512)),
    ],
)
def test_a_million_tokens_are_counted_within_100_ms(attend, causal):
    head = HeadPattern(attend, causal)

    def seconds() -> float:
        start = time.process_time()
        count_pairs(head, 1_048_576)
        return time.process_time() - start

    assert any(seconds() < 0.1 for _ in range(10)), "tried ten times, since other programs share the caches"
