import numpy as np
import pytest
import torch
from hypothesis import given

from nas.errors import PatternError
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Block, Full, LowRank, Random, Select, Stripe, Window
from tests.strategies import head_cases, quick


@given(head_cases())
@quick
def test_a_mask_is_its_definition_pair_by_pair(case):
    head, num_tokens = case
    mask = head.mask(num_tokens)
    assert mask.dtype == np.bool_
    assert mask.tolist() == [[head.allows(i, j, num_tokens) for j in range(num_tokens)] for i in range(num_tokens)]


@given(head_cases())
@quick
def test_tensors_see_what_arrays_see(case):
    head, num_tokens = case
    token = torch.arange(num_tokens)
    assert torch.equal(head.visible(token[:, None], token, num_tokens), torch.from_numpy(head.mask(num_tokens)))


def test_a_place_has_a_meaning_only_for_random():
    assert HeadPattern((Window(1),)).placed(3, 2) == HeadPattern((Window(1),))
    assert HeadPattern((Window(1), Random(4, 2))).placed(3, 2).layer == 3


def test_an_outline_holds_all_that_may_be_chosen():
    assert HeadPattern((Select(4, 1),)).outline() == HeadPattern((Full(),))
    assert HeadPattern((LowRank(4),), causal=False).outline() == HeadPattern((Full(),), causal=False)
    assert HeadPattern((Block(4),)).outline() == HeadPattern((Block(4),))


@pytest.mark.parametrize(
    ("head", "num_tokens", "message"),
    [
        (HeadPattern((Select(4, 1),)), 8, "attend: must be masks"),
        (HeadPattern((Window(1),)), 0, "num_tokens: must be 1 or more, got 0."),
        (HeadPattern((Stripe("row", 1),), grid=(2, 3)), 8, r"grid: must hold 8 tokens, got \[2, 3\]."),
    ],
)
def test_what_has_no_mask_is_told(head, num_tokens, message):
    with pytest.raises(PatternError, match=f"^{message}"):
        head.mask(num_tokens)
