from dataclasses import replace

import pytest
from shared_weights.sandwich import Sandwich

from nas.errors import InputError
from nas.patterns.model import ModelPattern
from tests.tiny_supernet import ENDS, NAIVE, NARROW, POOL, WIDE


def test_a_step_has_its_fixed_patterns_and_draws_of_its_own() -> None:
    steps = [ENDS.at(step) for step in range(50)]
    assert steps == [ENDS.at(step) for step in range(50)]
    assert all(patterns[:2] == (WIDE, NARROW) and len(set(patterns[2:])) == 2 for patterns in steps)
    assert {pattern for patterns in steps for pattern in patterns[2:]} == set(POOL)
    assert steps != [replace(ENDS, seed=6).at(step) for step in range(50)]
    assert (NAIVE.size, ENDS.size) == (1, 4)


@pytest.mark.parametrize(("always", "num_random"), [((), 0), ((), 6), ((WIDE,), -1)])
def test_a_sandwich_without_a_filling_is_told(always: tuple[ModelPattern, ...], num_random: int) -> None:
    with pytest.raises(InputError, match="num_random: must be"):
        Sandwich(pool=POOL, num_random=num_random, seed=0, always=always)
