"""A table as other libraries meet it; the libraries themselves are no dependency."""

from pathlib import Path

import pytest
from search_methods.libraries.arena import Arena
from search_methods.truth import load

TABLE = Path(__file__).parents[3] / "tables" / "tabular-text.jsonl"


def test_a_run_is_paid_from_where_its_pattern_is() -> None:
    arena = Arena(TABLE, 0, 0)
    one, other = sorted(arena.params)[:2]
    per_step = arena.truth.step_flops[one]
    assert arena.flops(one, 480) == 480 * per_step
    assert arena.train(one, 480) == arena.truth.observed(one, 0, 480)
    assert arena.spent == 480 * per_step and arena.reached == {one: 480}
    assert 480 * per_step < arena.flops(one, 960) < 960 * per_step, "the trunk is there, the branch is not"
    arena.train(one, 480)
    assert arena.spent == 480 * per_step, "what is known costs nothing"
    arena.train(other, 240)
    assert arena.search(0.0).moments[-1].ids == (one,), "the front is that of the longest runs"


def test_a_search_may_choose_by_a_model_of_its_own() -> None:
    arena = Arena(TABLE, 0, 0)
    one, other = sorted(arena.params)[:2]
    arena.train(one, 480)
    arena.choose([other, one])
    moments = arena.search(0.0).moments
    assert len(moments) == 1 and moments[0].ids == (other, one) and moments[0].flops == arena.spent


def test_projections_cost_a_tenth_more() -> None:
    measured, ahead = Arena(TABLE, 0, 0), Arena(TABLE, 0, 0, project=True)
    one = min(measured.params)
    assert ahead.flops(one, 960) == pytest.approx(1.1 * measured.flops(one, 960))
    assert ahead.train(one, 960)[0] < measured.train(one, 960)[0], "longer training is better"
    assert load(TABLE)[2].values == measured.truth.values, "what counts is as measured"


def test_parameters_and_patterns_are_each_others() -> None:
    arena = Arena(TABLE, 0, 0)
    assert all(arena.identity(params) == one for one, params in list(arena.params.items())[:10])
    assert arena.identity({name: options[-1] for name, options in arena.options.items()}) in {*arena.params, None}
