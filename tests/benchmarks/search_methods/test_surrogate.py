"""The surrogate benchmark: what a forest of the shipped table predicts."""

from pathlib import Path

import numpy as np
import pytest
from search_methods.surrogate import TableForest
from search_methods.truth import load

from nas.search.problem.problem import make_problem
from nas.search.settings import StudySettings
from nas.space.random_suggester import RandomSuggester
from nas.statistics.rank_agreement import kendall_tau

TABLE = Path(__file__).parents[3] / "tables" / "tabular-text.jsonl"


@pytest.fixture(scope="module")
def forest() -> TableForest:
    table, problem, truth = load(TABLE)
    return TableForest(table, truth, problem.features)


def test_it_ranks_the_patterns_that_it_was_fitted_to(forest: TableForest) -> None:
    table, _, truth = load(TABLE)
    patterns = [entry.pattern for entry in table.plan.entries]
    predicted = [forest.mean(pattern)[-1] for pattern in patterns]
    tau = kendall_tau(predicted, [truth.values[pattern.id][0] for pattern in patterns])
    assert tau is not None and tau > 0.85


def test_its_noise_is_that_of_the_table(forest: TableForest) -> None:
    table, _, truth = load(TABLE)
    pattern = table.plan.entries[0].pattern
    drawn = np.array([[forest.measured(pattern, seed, rung) for rung in truth.rungs] for seed in range(500)])
    low, high = (
        np.array(
            [[truth.by_rung[entry.pattern.id, seed, rung] for rung in truth.rungs] for entry in table.plan.entries]
        )
        for seed in truth.seeds
    )
    assert drawn.mean(axis=0) == pytest.approx(forest.mean(pattern), abs=0.003)
    assert drawn.std(axis=0) == pytest.approx(np.sqrt(((high - low) ** 2).mean(axis=0) / 2), rel=0.15)
    assert np.corrcoef(drawn.T)[3, 4] == pytest.approx(np.corrcoef((high - low).T)[3, 4], abs=0.1)


def test_one_seed_of_a_pattern_always_measures_the_same(forest: TableForest) -> None:
    problem = make_problem(StudySettings())
    pattern = problem.sample(RandomSuggester(3))
    assert forest.measured(pattern, 7, 960) == forest.measured(pattern, 7, 960) != forest.measured(pattern, 8, 960)
