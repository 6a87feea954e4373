"""The index sets of the Sparse Transformer (Child et al. 2019, section 4.3), written as the paper writes them.

Positions count from 0, as ours do. Read so, the strided local set has l + 1 keys (l in the authors' code,
openai/sparse_attention), i - l among them, which the other set shows too; and the summary columns {l - c, ..., l} of
fixed attention are c columns, since no position has j mod l = l.
"""

import pytest
import torch

from nas.errors import PatternError
from nas.patterns.head import HeadPattern
from nas.patterns.layer import HeadGroup
from nas.patterns.primitives import Block, Columns, Stride, Window

NUM_TOKENS = 41


def ours(*attend):
    return torch.from_numpy(HeadPattern(attend).mask(NUM_TOKENS))


def as_mask(index_set):
    """The sets S_i of all queries, cut to j <= i, as a mask."""
    tokens = range(NUM_TOKENS)
    return torch.tensor([[j <= i and j in index_set(i) for j in tokens] for i in tokens])


def strided_local(i, stride):
    return set(range(max(0, i - stride), i + 1))


def strided_far(i, stride):
    return {j for j in range(i + 1) if (i - j) % stride == 0}


def fixed_local(i, stride):
    return {j for j in range(i + 1) if j // stride == i // stride}


def fixed_far(i, stride, summary):
    return {j for j in range(i + 1) if j % stride in set(range(stride - summary, stride + 1))}


@pytest.mark.parametrize("stride", [2, 3, 8, 40, 50])
class TestIndexSets:
    def test_strided(self, stride):
        local, far = as_mask(lambda i: strided_local(i, stride)), as_mask(lambda i: strided_far(i, stride))
        assert torch.equal(ours(Window(before=stride)), local)
        assert torch.equal(ours(Stride(stride)), far)
        assert torch.equal(ours(Window(before=stride - 1), Stride(stride)), local | far)

    @pytest.mark.parametrize("share", [1, 2, 4])
    def test_fixed(self, stride, share):
        summary = max(1, stride // (2 * share))
        local, far = as_mask(lambda i: fixed_local(i, stride)), as_mask(lambda i: fixed_far(i, stride, summary))
        assert torch.equal(ours(Block(stride)), local)
        assert torch.equal(ours(Columns(stride, summary)), far)
        assert torch.equal(ours(Block(stride), Columns(stride, summary)), local | far)


def test_a_head_of_summary_columns_alone_leaves_rows_empty_and_is_refused():
    assert not as_mask(lambda i: fixed_far(i, 8, 2))[:6].any()
    with pytest.raises(PatternError, match="must let every query see itself"):
        HeadGroup(1, (Columns(8, 2),))
