"""The benchmark of whole searches, judged by a larger model."""

from dataclasses import replace
from math import sqrt
from pathlib import Path

import pytest
from search_methods.world import World
from study_transfer import DESIGNS, Told, agreement, designed, line, shared_world, told
from transfer import values_at

from nas.ground_truth.file import read_table

LADDER = Path(__file__).parents[2] / "tables" / "ladder"
LARGE = LADDER / "M-drawn.jsonl"


@pytest.fixture(scope="module")
def world() -> World:
    return shared_world(LADDER / "S-base100-drawn.jsonl", LARGE)


def test_patterns_have_the_larger_models_qualities_and_their_own_costs(world: World) -> None:
    table = read_table(LARGE)
    ends = values_at(table, table.plan.rungs[-1])
    values = {pattern.id: world.value(pattern, None) for pattern in world.known}
    assert sorted(quality for quality, *_ in values.values()) == sorted(ends.values())
    (full,) = (entry.pattern for entry in table.plan.entries if entry.baseline == "full")
    assert (ends[full.id], 1.0, 1.0) in values.values()
    assert world.share(world.known) == pytest.approx(1.0)


@pytest.mark.slow
def test_a_study_ranks_what_it_trained_and_has_a_part_of_the_front(world: World) -> None:
    study = told(world, world.settings)
    assert len(study.ranking) > world.settings.num_trials / 2
    assert 0.4 < study.tau < 1 and 0.5 < study.front < 1
    longer = told(world, designed(world, *DESIGNS["480, 1,920"]))
    assert longer.num_steps > study.num_steps and longer.ranking != study.ranking


def test_a_line_frees_the_agreement_of_the_noise_between_seeds() -> None:
    rankings = [{"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}, {"a": 1.0, "b": 3.0, "c": 2.0, "e": 0.0}]
    studies = [
        Told(seed=seed, ranking=ranking, tau=0.4 + 0.2 * seed, front=0.9, num_steps=1000 * (1 + seed))
        for seed, ranking in enumerate(rankings)
    ]
    assert agreement(*studies) == pytest.approx(1 / 3)  # of a, b and c, two pairs of three are alike
    freed = 0.5 / sqrt(1 / 3)
    assert line(studies) == f"0.50 | 0.33 | {freed:.2f} | 0.900 | 1,500"
    with_its_like = [*studies, replace(studies[0], tau=0.5)]  # two studies of one seed are not compared
    assert line(with_its_like).split(" | ")[1] == "0.33"
