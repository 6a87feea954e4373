"""The worlds that whole studies are replayed in, on the shipped table."""

from pathlib import Path

import pytest
from search_methods.world import WIDER, table_world

from nas.statistics.pareto import nondominated

TABLE = Path(__file__).parents[3] / "tables" / "tabular-text.jsonl"


@pytest.mark.parametrize("least_window", [4, WIDER])
def test_the_whole_front_is_worth_everything_to_whoever_judges(least_window: int) -> None:
    world = table_world(TABLE, least_window)
    for judge in (None, *world.seeds):
        points = [world.value(pattern, judge) for pattern in world.known]
        front = [world.known[index] for index in nondominated(points)]
        assert world.share(front, judge) == pytest.approx(1)
        assert 0 < world.share(front[:1], judge) < 1
        assert world.front_share({one: world.value(one, judge)[0] for one in world.known}, judge) == pytest.approx(1)


def test_a_world_of_wider_windows_lacks_the_patterns_with_the_narrowest_first_window() -> None:
    whole, part = table_world(TABLE), table_world(TABLE, WIDER)
    left_out = {one.id for one in whole.known} - {one.id for one in part.known}
    assert len(whole.known) == 147 and len(left_out) == 30
    best = min(whole.known, key=lambda pattern: whole.value(pattern, None))
    assert best.id in left_out


def test_a_study_is_judged_by_the_seed_that_it_did_not_see() -> None:
    world = table_world(TABLE)
    for seed in range(3):
        assert {world.seed_of(seed, 0), world.judge_of(seed)} == set(world.seeds)
