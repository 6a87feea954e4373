import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full, Global, Select, Stride, Window
from nas.search.modelling.head_profile import (
    MOST_STEPS,
    head_profile,
    num_buckets,
    pairs_by_distance,
    step_of_distance,
    tokens_in_a_step,
)
from tests.strategies import head_cases, quick


@given(head_cases(st.integers(2, 20)))
@quick
def test_shares_by_distance_are_means_over_pairs(case):
    head, n = case
    profile = head_profile(head, n)
    assert len(profile.sees) == num_buckets(n)
    for bucket, share in enumerate(profile.sees):
        pairs = [(i, j) for i in range(n) for j in range(n) if 1 << bucket <= abs(i - j) < 2 << bucket]
        pairs = [(i, j) for i, j in pairs if j < i or not head.causal]
        assert share == pytest.approx(np.mean([head.allows(i, j, n) for i, j in pairs]), abs=1e-6)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("num_tokens", [1, 5, 128, 129, 1_000])
def test_steps_hold_all_pairs(num_tokens, causal):
    pairs, distance = pairs_by_distance(num_tokens, causal)
    assert pairs.sum() == (num_tokens * (num_tokens + 1) // 2 if causal else num_tokens**2)
    steps = step_of_distance(num_tokens, causal)
    assert set(steps) == set(range(steps.max() + 1)) and steps.max() < (1 if causal else 2) * MOST_STEPS
    assert (steps[distance >= 0] == distance[distance >= 0] // tokens_in_a_step(num_tokens)).all()


def test_the_first_tokens_of_a_causal_head_lead_nowhere():
    local, with_global = (head_profile(HeadPattern(attend), 64) for attend in ((Window(3),), (Window(3), Global(4))))
    assert (local.passing == with_global.passing).all() and (local.sees < with_global.sees).any()
    assert with_global.log2_columns == pytest.approx(np.log2(5)) and local.log2_columns == 0


def test_what_may_be_chosen_is_seen_but_counted_as_the_few_that_are_read():
    chosen, full = head_profile(HeadPattern((Select(4, 1),)), 64), head_profile(HeadPattern((Full(),)), 64)
    assert (chosen.sees == full.sees).all() and chosen.log2_keys < full.log2_keys
    strided = head_profile(HeadPattern((Stride(64),)), 64)
    assert strided.log2_keys == 0
