"""The choice of blocks is its plain definition, and nothing else is read."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from nas.attention import attend
from nas.attention.selection import choose_blocks
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Select
from tests.attention.cases import Inputs, selected_keys
from tests.strategies import quick


def blocks_and_own(chosen: Tensor, query: int, select: Select) -> set[int]:
    return {block for block in chosen.tolist() if block >= 0} | {query // select.block}


@quick
@given(
    select=st.builds(Select, st.integers(1, 6), st.integers(1, 4)),
    num_tokens=st.integers(1, 25),
    same=st.booleans(),
)
def test_the_choice_is_the_plain_definition(select: Select, num_tokens: int, same: bool) -> None:
    inputs = Inputs((HeadPattern((select,)),), num_tokens)
    q, k = inputs.q.detach(), inputs.k.detach()
    if same:  # scores that are equal to the last bit: the earlier blocks win
        q, k = q.round(), torch.ones_like(k)
    chosen = choose_blocks(q, k, select)
    for query in range(num_tokens):
        keys = selected_keys(select, query, q[1, 0, query], k[1, 0])
        assert {key // select.block for key in keys} == blocks_and_own(chosen[1, 0, query], query, select)


def test_equal_scores_go_to_the_earlier_block() -> None:
    q, k = torch.ones(1, 1, 40, 2), torch.ones(1, 1, 40, 2)
    assert choose_blocks(q, k, Select(8, 2))[0, 0, 39].tolist() == [0, 1]


def test_the_choice_is_the_same_a_few_queries_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = Inputs((HeadPattern((Select(4, 3),)),), 90)
    whole = choose_blocks(inputs.q, inputs.k, Select(4, 3))
    monkeypatch.setattr("nas.attention.selection._MOST_SCORES", 100)
    assert torch.equal(choose_blocks(inputs.q, inputs.k, Select(4, 3)), whole)


@pytest.mark.parametrize("backend", ["dense", "pieces", "flex"])
def test_other_blocks_leave_no_trace(backend: str) -> None:
    """Keys and values of blocks that a query did not choose may be anything, as long as the choice stands."""
    select = Select(8, 2)
    inputs = Inputs((HeadPattern((select,)),), 64)
    q, k, v = (x.detach() for x in (inputs.q, inputs.k, inputs.v))
    last = choose_blocks(q, k, select)[0, 0, 63].tolist()
    moved = v.clone()
    for block in set(range(7)) - set(last):
        moved[0, 0, block * 8 : block * 8 + 8] += 100.0
    before, after = (attend(q, k, values, inputs.heads, backend)[0, 0, 63] for values in (v, moved))
    assert torch.equal(before, after)
    moved[0, 0, last[0] * 8] += 100.0
    assert not torch.allclose(attend(q, k, moved, inputs.heads, backend)[0, 0, 63], before)
