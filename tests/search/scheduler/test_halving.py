"""Who is let through at which rung."""

import itertools
import random
from bisect import bisect_right
from collections.abc import Sequence

import pytest

from nas.search.scheduler.forecast import LEAST_TRIALS
from nas.search.scheduler.halving import LEAST_AGREEMENT, NUM_STRATA, Standing, promotions, ranked

TRUSTED = {0: 1.0, 1: 1.0, 2: 1.0}


def standing(number: int, rung: int = 0, *, quality: float = 0.0, density: float = 1.0, busy: bool = False) -> Standing:
    return Standing(number, rung, busy, density, (quality, density))


def field(size: int, seed: int, num_rungs: int = 4) -> list[Standing]:
    draw = random.Random(seed)
    return [
        standing(number, draw.randrange(num_rungs), quality=draw.random(), density=draw.random())
        for number in range(size)
    ]


def test_a_rung_lets_through_one_in_so_many_the_best_first() -> None:
    """All of one density: the order is that of quality."""
    there = [standing(number, quality=number) for number in range(9)]
    assert len(promotions(there, 3, 3, TRUSTED)) == 3
    assert 0 in promotions(there, 3, 3, TRUSTED)
    assert promotions(there, 3, 9, TRUSTED) == [0]
    assert promotions(there, 3, 10, TRUSTED) == []


def test_who_was_let_through_before_counts_and_is_not_let_through_again() -> None:
    there = [standing(0, 1, quality=-1.0), *(standing(number, quality=number) for number in range(1, 6))]
    let_through = promotions(there, 2, 2, TRUSTED)
    assert len(let_through) == 2 and 0 not in let_through


def test_the_highest_rung_comes_first_and_nobody_leaves_the_last_one() -> None:
    there = [standing(number, 1) for number in range(4)] + [standing(number) for number in range(4, 12)]
    assert promotions(there, 3, 2, TRUSTED)[0] < 4
    assert promotions(there[2:], 3, 2, TRUSTED)[0] < 4
    assert promotions([standing(0, 2), standing(1, 2)], 3, 2, TRUSTED) == []


def test_who_is_busy_is_not_let_through() -> None:
    there = [standing(0, busy=True), standing(1, quality=1.0)]
    assert promotions(there, 2, 2, TRUSTED) == []
    there += [standing(2, quality=2.0), standing(3, quality=3.0)]
    assert len(promotions(there, 2, 2, TRUSTED)) == 1


@pytest.mark.parametrize("agreement", [LEAST_AGREEMENT - 0.01, -1.0])
def test_a_rung_that_does_not_agree_with_the_next_one_drops_nobody(agreement: float) -> None:
    there = [standing(number, quality=number) for number in range(6)]
    assert sorted(promotions(there, 2, 3, {0: agreement})) == list(range(6))
    assert len(promotions(there, 2, 3, {0: LEAST_AGREEMENT})) == 2


def test_as_long_as_agreement_is_not_known_a_few_find_it_out_and_the_others_wait() -> None:
    there = [standing(number, quality=number) for number in range(20)]
    assert len(promotions(there, 3, 3, {})) == LEAST_TRIALS
    above = [standing(number, 1) for number in range(LEAST_TRIALS)] + there[LEAST_TRIALS:]
    assert promotions(above, 3, 3, {}) == []


def test_what_is_never_known_drops_nobody() -> None:
    there = [standing(0, 1), standing(1), standing(2)]
    assert promotions(there, 3, 3, {}, more_to_come=False) == [0]
    assert sorted(promotions(there[1:], 3, 3, {}, more_to_come=False)) == [1, 2]


def test_every_stratum_of_density_keeps_its_best() -> None:
    """Dense patterns start slowly: all of them are worse than all sparse ones here."""
    there = [standing(number, quality=number, density=number) for number in range(12)]
    let_through = promotions(there, 2, 4, TRUSTED)
    assert let_through == [0, 4, 8]
    assert NUM_STRATA == 3


@pytest.mark.parametrize("seed", range(5))
def test_ranking_loses_nobody_and_puts_no_stratum_mate_before_its_dominator(seed: int) -> None:
    there = field(23, seed)
    order = ranked(there)
    assert sorted(one.number for one in order) == list(range(23))
    ordered = sorted(there, key=lambda one: one.density)
    edges = [23 * part // NUM_STRATA for part in range(1, NUM_STRATA)]
    stratum = {one.number: bisect_right(edges, place) for place, one in enumerate(ordered)}
    for place, one in enumerate(order):
        for other in order[:place]:
            if stratum_of(stratum, one) == stratum_of(stratum, other):
                assert not dominates_all(one.point, other.point)


def stratum_of(stratum: dict[int, int], one: Standing) -> int:
    return stratum[one.number]


def dominates_all(left: Sequence[float], right: Sequence[float]) -> bool:
    return left != right and all(a <= b for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("ratio", [2, 3])
def test_at_the_end_no_rung_has_let_through_more_than_its_share(seed: int, ratio: int) -> None:
    """Played to the end, one at a time: every rung holds at most a share of the one below it, and close to it."""
    scheduler = {
        one.number: one for one in (standing(n, quality=q, density=q) for n, q in enumerate(quality(40, seed)))
    }
    while chosen := promotions(list(scheduler.values()), 4, ratio, TRUSTED):
        one = scheduler[chosen[0]]
        scheduler[one.number] = Standing(one.number, one.rung + 1, False, one.density, one.point)
    counts = [sum(one.rung >= rung for one in scheduler.values()) for rung in range(4)]
    assert counts[0] == 40
    for below, above in itertools.pairwise(counts):
        assert above == below // ratio


def quality(size: int, seed: int) -> list[float]:
    draw = random.Random(seed)
    return [draw.random() for _ in range(size)]
