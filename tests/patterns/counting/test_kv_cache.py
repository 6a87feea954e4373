import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.patterns.counting.kv_cache import kv_entries
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Block, Columns, Full, Global, LowRank, Select, Stride, Window
from tests.strategies import head_cases, heads, quick


def plain_entries(heads, num_tokens):
    """The definition, word for word."""

    def needed(key, step):
        later = range(step, num_tokens)
        return any(head.allows(query, key, num_tokens) for query in later for head in heads)

    return max(sum(needed(key, step) for key in range(step + 1)) for step in range(num_tokens))


causal_heads = heads().filter(lambda head: head.causal)


@given(st.lists(causal_heads, min_size=1, max_size=2), st.integers(1, 12))
@quick
def test_entries_equal_the_definition(several, num_tokens):
    assert kv_entries(several, num_tokens) == plain_entries(several, num_tokens)
    assert kv_entries([several[0]], num_tokens) == plain_entries(several[:1], num_tokens)


@given(head_cases(st.integers(1, 12)).filter(lambda case: case[0].causal))
@quick
def test_entries_of_one_head_equal_the_definition(case):
    head, num_tokens = case
    assert kv_entries([head], num_tokens) == plain_entries([head], num_tokens)


def test_computed_kinds_and_the_memory():
    select, window = HeadPattern((Select(8, 2),)), HeadPattern((Window(9),), memory_tokens=6)
    assert kv_entries([select], 100) == 100, "any earlier block may be chosen"
    assert kv_entries([window], 100) == 16
    low_rank, local = HeadPattern((LowRank(5),), causal=False), HeadPattern((Window(2, 2),), causal=False)
    assert kv_entries([low_rank], 100) == 5
    assert kv_entries([low_rank, local, HeadPattern((LowRank(3),), causal=False)], 100) == 105


@pytest.mark.parametrize("n", [3, 50, 500])
def test_known_caches(n):
    assert kv_entries([HeadPattern((Full(),))], n) == n
    assert kv_entries([HeadPattern((Window(31),))], n) == min(n, 32)
    assert kv_entries([HeadPattern((Window(31), Global(4)))], n) == min(n, 36)
    assert kv_entries([HeadPattern((Block(25),))], n) == min(n, 25)
    assert kv_entries([HeadPattern((Stride(5),))], n) == max(1, n - 4), (
        "every key is visited again until the last steps"
    )


def test_fixed_attention_keeps_its_summary_columns():
    n, every, width = 4_000, 100, 5
    assert kv_entries([HeadPattern((Block(every), Columns(every, width)))], n) == (n // every - 1) * width + every


def test_heads_that_share_a_cache_need_the_union():
    window, sinks = HeadPattern((Window(9),)), HeadPattern((Window(0), Global(4)))
    assert kv_entries([window, sinks], 100) == 14
    assert kv_entries([window, window], 100) == 10


def test_an_encoder_keeps_everything():
    assert kv_entries([HeadPattern((Window(2, 2),), causal=False)], 77) == 77
