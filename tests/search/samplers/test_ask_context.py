"""The context of one ask: a random stream of its own."""

from typing import Any

import pytest

from nas.search.samplers.ask_context import AskContext

NO_VIEW: Any = None


def context(seed: int, number: int) -> AskContext:
    return AskContext(seed, number, NO_VIEW, lambda: NO_VIEW)


def test_every_ask_of_every_study_has_its_own_seed() -> None:
    seeds = {context(seed, number).own_seed for seed in range(20) for number in range(20)}
    assert len(seeds) == 400 and all(0 <= seed < 2**32 for seed in seeds)


@pytest.mark.parametrize(("seed", "number", "own"), [(0, 0, 2318824108), (3, 11, 1592337783)])
def test_a_seed_stays_what_it_was(seed: int, number: int, own: int) -> None:
    """A study that an older version started is resumed with the same suggestions."""
    assert context(seed, number).own_seed == own
