"""Whether patterns should share a seed."""

from pathlib import Path

import numpy as np
import pytest
import seeds_in_turn

TABLE = Path(__file__).parents[2] / "tables" / "tabular-text.jsonl"


@pytest.fixture(scope="module")
def scores() -> seeds_in_turn.Scores:
    return seeds_in_turn.Scores(TABLE, 960)


def test_rankings_are_of_the_same_patterns_by_other_draws(scores: seeds_in_turn.Scores) -> None:
    taus = scores.taus(np.arange(40), 0)
    assert len(taus) == 2 * (2 + len(seeds_in_turn.NUM_SEEDS)) and len(set(taus)) > 5
    assert all(0 < tau < 1 for tau in taus)


def test_without_noise_every_ranking_is_right(scores: seeds_in_turn.Scores) -> None:
    exact = seeds_in_turn.Scores(TABLE, 960)
    exact.drawn = np.repeat(exact.true[:, None], seeds_in_turn.NUM_DRAWS, axis=1)
    exact.noise = 1e-6
    assert exact.taus(np.arange(40), 3) == pytest.approx([1.0] * 10, abs=0.01)


def test_a_second_seed_of_every_pattern_is_worth_more_than_seeds_in_turn(scores: seeds_in_turn.Scores) -> None:
    generator = np.random.default_rng(0)
    found = np.mean([scores.taus(generator.permutation(147)[:40], draw) for draw in range(12)], axis=0)
    as_they_are = found[::2]
    assert as_they_are[-1] > max(as_they_are[:-1]) + 0.02
