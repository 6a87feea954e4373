"""`auto` picks by length, by the share of scores that pieces compute, and by what flex can compile."""

import pytest
import torch

from nas.attention.choice import FEWEST_TOKENS, LARGEST_SHARE, choose_backend, score_share, work_share
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full, Global, Select, Stride, Window


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


@pytest.mark.parametrize("causal", [True, False])
def test_full_attention_runs_in_torchs_own_kernel(causal: bool) -> None:
    """Its time is what patterns are compared with: pieces take up to twice as long (docs/attention.md)."""
    full = HeadPattern((Full(),), causal)
    long = torch.zeros(1, 2, 8 * FEWEST_TOKENS, 8)
    assert choose_backend((full, full), long, long) == "dense"


def test_flex_is_taken_where_it_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Masks of nearly all pairs too: dense attention would compute all of them, and hold the mask."""
    window, full = HeadPattern((Window(15),)), HeadPattern((Full(),))
    wide, select = HeadPattern((Window(5000, 5000),), causal=False), HeadPattern((Select(64, 3),))
    long = torch.zeros(1, 2, 4 * FEWEST_TOKENS, 16)
    monkeypatch.setattr("nas.attention.choice.flex_fits", lambda q, v: True)
    for heads in ((window, window), (window, full), (wide, wide)):
        assert choose_backend(heads, long, long) == "flex"
    assert choose_backend((full, full), long, long) == "dense"
    assert choose_backend((select, select), long, long) == "pieces"


def test_the_share_counts_what_pieces_compute() -> None:
    full, window = HeadPattern((Full(),), causal=False), HeadPattern((Window(15),))
    assert score_share((full,), 1000) == 1
    assert score_share((window,), 8192) < 0.05
    assert score_share((full, window), 8192) == pytest.approx((1 + score_share((window,), 8192)) / 2)


def test_chosen_blocks_count_at_most_once_each() -> None:
    own = score_share((HeadPattern((Select(16, 1),)),), 512) - 16 / 512
    assert score_share((HeadPattern((Select(16, 4),)),), 512) == pytest.approx(own + 4 * 16 / 512)
    assert score_share((HeadPattern((Select(16, 900),)),), 512) == pytest.approx(own + 1)


def test_small_groups_of_different_heads_run_dense_until_there_is_enough_for_them_to_do() -> None:
    """Masked dense attention was faster for the former, pieces for the latter (docs/attention.md)."""
    strided = tuple(HeadPattern((Window(8 + 4 * i), Global(1 + i % 4), Stride(8 + i))) for i in range(16))
    windows = tuple(HeadPattern((Window(8 + 4 * i),)) for i in range(16))
    equal = (windows[3],) * 16

    def chosen(heads: tuple[HeadPattern, ...], batch_size: int, num_tokens: int) -> str:
        q = torch.zeros(batch_size, 1, num_tokens, 1).expand(-1, 16, -1, 16)
        return choose_backend(heads, q, q)

    assert [chosen(heads, 1, 512) for heads in (strided, windows, equal)] == ["dense", "dense", "pieces"]
    assert [chosen(heads, 8, 512) for heads in (strided, windows, equal)] == ["dense", "pieces", "pieces"]
    assert chosen(strided, 2, 2048) == "pieces"


def test_work_is_scores_and_calls_and_folds() -> None:
    window, strided = HeadPattern((Window(15),)), HeadPattern((Window(15), Stride(8)))
    for heads in ((window,), (window, strided), (window,) * 8):
        assert work_share(heads, 512, 1) > work_share(heads, 512, 64) > score_share(heads, 512)
    assert work_share((window,) * 8, 512, 1) == pytest.approx(work_share((window,), 512, 8))
    assert work_share((strided, strided), 512, 64) > LARGEST_SHARE > work_share((window, window), 512, 64)
