"""`auto` picks by length, by the share of scores that pieces compute, and by what flex can compile."""

import pytest
import torch

from nas.attention.choice import FEWEST_TOKENS, choose_backend, score_share
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full, Select, Window


def test_auto_takes_dense_for_short_sequences_and_dense_patterns_and_pieces_elsewhere() -> None:
    window, full = HeadPattern((Window(15),)), HeadPattern((Full(),), causal=False)
    short, long = torch.zeros(1, 2, FEWEST_TOKENS - 1, 8), torch.zeros(1, 2, 4 * FEWEST_TOKENS, 8)
    assert choose_backend((window, window), short, short) == "dense"
    assert choose_backend((window, window), long, long) == "pieces"
    assert choose_backend((full, full), long, long) == "dense"


def test_auto_chooses_for_select_by_what_it_computes() -> None:
    long = torch.zeros(1, 2, 4 * FEWEST_TOKENS, 8)
    few, nearly_all = HeadPattern((Select(64, 3),)), HeadPattern((Select(64, 30),))
    assert choose_backend((few, few), long, long) == "pieces"
    assert choose_backend((nearly_all, nearly_all), long, long) == "dense"


def test_a_memory_counts_as_keys_that_all_queries_see() -> None:
    window = HeadPattern((Window(15),), memory_tokens=20 * FEWEST_TOKENS)
    long = torch.zeros(1, 1, 2 * FEWEST_TOKENS, 8)
    assert choose_backend((window,), long, long) == "dense"


def test_flex_is_taken_where_it_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    window, full = HeadPattern((Window(15),)), HeadPattern((Full(),), causal=False)
    long = torch.zeros(1, 1, 4 * FEWEST_TOKENS, 16)
    monkeypatch.setattr("nas.attention.choice.flex_fits", lambda q, v: True)
    assert choose_backend((window,), long, long) == "flex"
    assert choose_backend((full,), long, long) == "dense"


def test_the_share_counts_what_pieces_compute() -> None:
    full, window = HeadPattern((Full(),), causal=False), HeadPattern((Window(15),))
    assert score_share((full,), 1000) == 1
    assert score_share((window,), 8192) < 0.05
    assert score_share((full, window), 8192) == pytest.approx((1 + score_share((window,), 8192)) / 2)


def test_chosen_blocks_count_at_most_once_each() -> None:
    own = score_share((HeadPattern((Select(16, 1),)),), 512) - 16 / 512
    assert score_share((HeadPattern((Select(16, 4),)),), 512) == pytest.approx(own + 4 * 16 / 512)
    assert score_share((HeadPattern((Select(16, 900),)),), 512) == pytest.approx(own + 1)
