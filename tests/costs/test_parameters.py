from typing import Any

import pytest

from nas.costs.counting import count_cost
from nas.costs.parameters import pattern_parameters, target_parameters
from nas.costs.target import Target
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, LowRank, Primitive

D_HEAD, D_MODEL, TOKENS = 4, 12, 10


def target() -> Target:
    sizes: dict[str, Any] = {
        "num_tokens": TOKENS,
        "num_layers": 2,
        "num_heads": 3,
        "num_kv_heads": 3,
        "d_model": D_MODEL,
    }
    return Target(name="small", d_head=D_HEAD, d_mlp=20, vocab_size=11, **sizes)


def uniform(*attend: Primitive, **more: Any) -> ModelPattern:
    return ModelPattern.of([(HeadGroup(3, attend),)] * 2, **more)


@pytest.mark.parametrize(
    ("pattern", "weights"),
    [
        (uniform(Full()), 0),
        (uniform(Full(), position="alibi"), 0),
        (uniform(Full(), position="learned"), TOKENS * D_MODEL),
        (uniform(Full(), position="relative"), 2 * (3 * D_HEAD + 3 * D_HEAD + 3 * D_HEAD * D_MODEL)),
        (uniform(LowRank(4), causal=False), 2 * 2 * 4 * TOKENS),
        (uniform(LowRank(4, "key_value"), causal=False), 2 * 4 * TOKENS),
        (uniform(LowRank(4, "layers"), causal=False), 4 * TOKENS),
    ],
)
def test_weights_that_a_pattern_brings_along(pattern: ModelPattern, weights: int) -> None:
    assert pattern_parameters(pattern, target(), TOKENS) == weights
    assert count_cost(pattern, target()).num_parameters == target_parameters(target()) + weights


def test_a_smaller_rank_uses_rows_of_a_larger_one() -> None:
    mixed = ModelPattern.of([(HeadGroup(1, (LowRank(3),)), HeadGroup(2, (LowRank(5),)))] * 2, causal=False)
    largest = uniform(LowRank(5), causal=False)
    assert pattern_parameters(mixed, target(), TOKENS) == pattern_parameters(largest, target(), TOKENS)
