"""Pattern, rung and seed by gain per FLOP, on the shipped table."""

from pathlib import Path

import numpy as np
import pytest
from search_methods.by_gain import MOST_SEEDS, GainSearch, by_gain
from search_methods.truth import load

TABLE = Path(__file__).parents[3] / "tables" / "tabular-text.jsonl"
RUNGS = (480, 960)


@pytest.fixture(scope="module")
def searched() -> GainSearch:
    search = GainSearch(TABLE, 8, 0, RUNGS)
    for _ in range(40):
        search.step()
    return search


def test_every_run_is_paid_for_once(searched: GainSearch) -> None:
    _, _, truth = load(TABLE, 8)
    flops = [truth.step_flops[identity] for identity in searched.ids]
    reached = (~np.isnan(searched._values)).sum(axis=1)
    steps = np.array([0, 480, 960 + 96])[reached]  # the branch of 480 steps, the last fifth of them, comes on top
    again = np.array([max(0, len(own) - 1) * (960 + 96) for own in searched._scores])
    assert searched.spent == pytest.approx(float(np.dot(flops, steps + again)))


def test_rungs_come_in_their_order_and_seeds_are_few(searched: GainSearch) -> None:
    known = ~np.isnan(searched._values)
    assert (known[:, 0] >= known[:, 1]).all() and known[:, 1].any()
    assert max(len(own) for own in searched._scores) <= MOST_SEEDS
    _, _, seen = load(TABLE, 8, project=True)
    for one in searched.known:
        identity, own = searched.ids[one], searched._scores[one]
        assert searched._values[one, 0] == seen.observed(identity, 0, 480)[0]
        assert own == [seen.observed(identity, index, 960)[0] for index in range(len(own))]


def test_it_goes_where_the_gain_is(searched: GainSearch) -> None:
    steps = searched._steps()
    gains = searched._gains(steps)
    assert min(gains) > -1e-9 and max(gains) > 0
    sure = [
        gain for step, gain in zip(steps, gains, strict=True) if step.index in searched.known and not step.deviation
    ]
    assert sure == pytest.approx([0.0] * len(sure))


def test_a_search_ends_when_its_runs_are_spent() -> None:
    _, _, truth = load(TABLE, 8)
    own = by_gain(TABLE, 8, 1, num_rungs=2, num_steps=960, num_trials=0, most_runs=1.0)
    spent = [moment.flops / truth.full_run_flops for moment in own.moments]
    assert spent == sorted(spent) and 1.0 <= spent[-1] < 1.5 and max(spent[:-1]) < 1.0
    assert own == by_gain(TABLE, 8, 1, num_rungs=2, num_steps=960, num_trials=0, most_runs=1.0)
