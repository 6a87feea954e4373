"""Which trials are trained longer, and the ranking that they check."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.results.trial import Trial, TrialState
from nas.search.fidelity.long_runs import chosen_for_long_runs, study_ranking
from nas.search.problem.problem import Problem
from nas.search.scheduler.forecast import Forecaster
from nas.search.scoring.objectives import Goal
from nas.search.trial_store import TrialStore
from tests.fronts import make_cost, make_trial
from tests.strategies import quick
from tests.toy_study import RUNGS, enter, trained_store

QUALITY = Goal("quality", "bits per byte", "minimize")
TRAINED = [TrialState.FINISHED, TrialState.STOPPED]


def some_trials(size: int, seed: int) -> tuple[list[Trial], dict[int, dict[str, float]]]:
    """Trained trials, the first of them finished, among some that were not; and a ranking of them."""
    draw = random.Random(seed)
    states = [TrialState.FINISHED, *draw.choices([*TRAINED, TrialState.DUPLICATE, TrialState.DIVERGED], k=2 * size)]
    trials = [make_trial(number, state, cost=make_cost(draw.random())) for number, state in enumerate(states)]
    return trials, {trial.number: {"quality": draw.random()} for trial in trials if trial.state in TRAINED}


@quick
@given(size=st.integers(1, 20), seed=st.integers(0, 99), num_patterns=st.integers(1, 9))
def test_the_best_is_chosen_with_one_trial_per_stratum(size: int, seed: int, num_patterns: int) -> None:
    trials, ranking = some_trials(size, seed)
    chosen = [trial.number for trial in chosen_for_long_runs(trials, ranking, QUALITY, num_patterns)]
    assert chosen == sorted(set(chosen)) and set(chosen) <= set(ranking)
    assert len(chosen) == min(num_patterns, len(ranking))
    finished = [number for number in ranking if trials[number].state is TrialState.FINISHED]
    best = min(finished, key=lambda number: ranking[number]["quality"])
    assert best in chosen
    if len(ranking) > num_patterns:
        others = sorted(set(ranking) - {best}, key=lambda number: trials[number].cost.attention_flops)
        stratum = {
            number: next(part for part in range(num_patterns - 1) if place < edge(len(others), part + 1, num_patterns))
            for place, number in enumerate(others)
            if num_patterns > 1
        }
        assert sorted(stratum[number] for number in chosen if number != best) == list(range(num_patterns - 1))
        for number in set(chosen) - {best}:
            mates = [ranking[other]["quality"] for other in others if stratum[other] == stratum[number]]
            better = sum(quality < ranking[number]["quality"] for quality in mates)
            assert better == len(mates) // 2, "the median of its stratum"


def edge(size: int, part: int, num_patterns: int) -> int:
    return size * part // (num_patterns - 1)


def test_more_is_better_where_the_quality_is_an_accuracy() -> None:
    trials, ranking = some_trials(8, 0)
    accuracy = Goal("quality", "share", "maximize")
    [best] = chosen_for_long_runs(trials, ranking, accuracy, 1)
    finished = [number for number in ranking if trials[number].state is TrialState.FINISHED]
    assert best.number == max(finished, key=lambda number: ranking[number]["quality"])


@pytest.fixture
def store(problem: Problem) -> TrialStore:
    return trained_store(problem, [3, 3, 3, 3, 2, 1, 0])


def test_the_ranking_has_measured_values_and_forecasts_of_stopped_trials(problem: Problem, store: TrialStore) -> None:
    enter(store, store[0].pattern)
    forecaster = Forecaster(problem, store, RUNGS)
    ranking = study_ranking(store, problem, forecaster)
    assert sorted(ranking) == [0, 1, 2, 3, 4, 5], "neither a duplicate nor what was never trained"
    for number in range(4):
        assert ranking[number] == store[number].values
    for number in (4, 5):
        assert ranking[number] == forecaster.now().values[number]


def test_a_study_without_a_score_has_no_ranking(problem: Problem) -> None:
    store = trained_store(problem, [0, 0])
    assert study_ranking(store, problem, Forecaster(problem, store, RUNGS)) == {}
