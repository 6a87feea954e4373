"""The judgement of both rules of carrying."""

import numpy as np
import pytest
from carry import compare


def test_a_rule_that_ranks_as_the_larger_model_does_is_better() -> None:
    truth = np.random.default_rng(0).normal(size=32)
    noise = np.random.default_rng(1).normal(size=32)
    found = compare(truth.tolist(), (truth + 2 * noise).tolist(), truth.tolist())
    assert found.tokens == 1 and found.shares < 0.6
    assert 0 < found.low <= found.tokens - found.shares <= found.high


def test_rules_that_rank_alike_differ_by_nothing() -> None:
    truth = np.random.default_rng(0).normal(size=32).tolist()
    found = compare(truth, truth, truth)
    assert (found.low, found.high) == (0, 0)


def test_the_other_way_round_the_sign_turns() -> None:
    truth, shares, tokens = np.random.default_rng(2).normal(size=(3, 24)).tolist()
    found, turned = compare(truth, shares, tokens), compare(truth, tokens, shares)
    assert (turned.shares, turned.tokens) == (found.tokens, found.shares)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))
