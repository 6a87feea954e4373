"""The forecast of trials at the last rung: measured where possible, and in the score's own direction."""

from math import isnan

import numpy as np
import pytest

from nas.search.problem.problem import Problem
from nas.search.scheduler.forecast import LEAST_TRIALS, Forecast, Forecaster, signed
from tests.toy_study import RUNGS, over_two, train, trained_store

BOTH = ("silent", "narrow")


def test_a_measured_score_is_kept_and_every_other_one_forecast(problem: Problem) -> None:
    store = trained_store(problem, [3, 3, 3, 3, 2, 1, 0])
    forecast = Forecast(problem, store, RUNGS)
    assert sorted(forecast.scores) == [0, 1, 2, 3, 4, 5], "nothing is forecast without a score"
    assert {number: forecast.scores[number] for number in range(4)} == store.rung_scores(400)
    for number in (4, 5):
        early = store[number].scores["quality"]
        assert early - 0.5 < forecast.scores[number]["quality"] < early, "curves fall by 0.2 and by 0.1"
        assert forecast.values[number] == {
            "quality": forecast.scores[number]["quality"],
            "flops": store[number].cost.attention_flops,
            "kv_cache_bytes": store[number].cost.kv_cache_bytes,
        }


def test_a_score_of_which_more_is_better_is_forecast_as_itself(problem: Problem) -> None:
    two = over_two(problem, "separate")
    store = trained_store(two, [3, 3, 3, 3, 1], tasks=BOTH)
    scores = Forecast(two, store, RUNGS).scores
    assert {number: scores[number]["quality_narrow"] for number in range(4)} == {
        number: store.rung_scores(400)[number]["quality_narrow"] for number in range(4)
    }
    # The toy's narrow task measures the same falling numbers, so a forecast in the wrong sign would be far off.
    assert scores[4]["quality_narrow"] == pytest.approx(scores[4]["quality_silent"], abs=0.3)


def test_ranks_are_taken_among_all_trials_whatever_their_rung(problem: Problem) -> None:
    two = over_two(problem, "mean_rank")
    store = trained_store(two, [3, 3, 2, 1, 1], tasks=BOTH)
    ranks = [values["quality"] for values in Forecast(two, store, RUNGS).values.values()]
    assert len(ranks) == 5 and np.mean(ranks) == pytest.approx(0.5)


def test_agreement_needs_enough_trials_at_both_rungs(problem: Problem) -> None:
    """Curves of the toy differ by a constant, so each rung ranks as the next one does."""
    few = trained_store(problem, [2] * (LEAST_TRIALS - 1) + [1] * 4)
    assert Forecast(problem, few, RUNGS).agreement(0) is None
    train(few, LEAST_TRIALS - 1, 200)
    forecast = Forecast(problem, few, RUNGS)
    assert forecast.agreement(0) > 0.8
    assert forecast.agreement(1) is None


def test_a_forecast_is_made_once_for_what_is_known(problem: Problem) -> None:
    store = trained_store(problem, [2, 1])
    forecaster = Forecaster(problem, store, RUNGS)
    first = forecaster.now()
    assert forecaster.now() is first
    train(store, 1, 200)
    assert forecaster.now() is not first


def test_signed_values_are_to_be_minimised(problem: Problem) -> None:
    silent, narrow = over_two(problem, "separate").scores[:2]
    assert (signed(2.0, silent), signed(2.0, narrow)) == (2.0, -2.0)
    assert isnan(signed(None, silent))
