"""The noise of scores, from seeds; and the part of it that longer runs keep, on the shipped table."""

from pathlib import Path

import numpy as np
import pytest

from nas.ground_truth.file import read_table
from nas.search.problem.problem import Problem
from nas.search.scoring.noise import CARRIED, carried_noise, repeated_scores, score_noise
from nas.search.trial_store import TrialStore
from nas.statistics.rank_agreement import pooled_deviation
from tests.toy_study import train_again, trained_store

TABLE = Path(__file__).parents[3] / "tables" / "tabular-text.jsonl"


@pytest.fixture
def store(problem: Problem) -> TrialStore:
    store = trained_store(problem, [3, 3, 3, 3, 1])
    train_again(store, 0, 1, 2)
    train_again(store, 2, 1)
    train_again(store, 4, 1)  # stopped below the last rung
    return store


def at_last_rung(store: TrialStore, number: int) -> list[float]:
    return [one.quality for one in store[number].measurements if one.step == 400]


def test_noise_is_pooled_over_the_finished_patterns_with_several_seeds(problem: Problem, store: TrialStore) -> None:
    repeated = [at_last_rung(store, 0), at_last_rung(store, 2)]
    assert repeated_scores(store.trials, problem.scores, "quality") == repeated
    assert score_noise(store.trials, problem.scores, "quality") == pooled_deviation(repeated)
    assert score_noise(store.trials[1:2], problem.scores, "quality") is None


def test_the_table_carries_noise_from_960_steps_on_as_far_as_is_assumed() -> None:
    rows = [row for row in read_table(TABLE).rows if not row.sweep]
    quality = {(row.pattern_id, row.seed, row.step): row.quality for row in rows}
    patterns = sorted({row.pattern_id for row in rows})
    noise = {
        step: np.array([quality[one, 0, step] - quality[one, 1, step] for one in patterns])
        for step in (960, 1920, 3840)
    }
    for shorter, longer in ((960, 1920), (1920, 3840), (960, 3840)):
        measured = np.corrcoef(noise[shorter], noise[longer])[0, 1]
        assert carried_noise(shorter, longer) == pytest.approx(measured, abs=0.05)
    assert carried_noise(960, 1920) == CARRIED
