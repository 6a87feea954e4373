"""What long runs cost, against the steps that runs of these lengths take."""

import pytest

from nas.proxy.member import Member
from nas.proxy.settings import TrainingSettings
from nas.proxy.training.schedule import branch_start
from nas.search.fidelity.steps import share_of_long_runs
from nas.search.problem.problem import Problem
from tests.steps_spent import steps_spent
from tests.toy_study import enter, pretended, train_again, trained_store

TRAINING = TrainingSettings(num_steps=400, num_rungs=3)


def test_the_share_counts_trunks_once_and_fresh_seeds_whole(problem: Problem) -> None:
    store = trained_store(problem, [3, 1, 0])
    train_again(store, 0, 1)
    enter(store, store[0].pattern)  # a duplicate shows the runs of its original, which took their steps once
    search = steps_spent(400, TRAINING) + steps_spent(100, TRAINING) + 400
    assert share_of_long_runs(store.trials, TRAINING, 400) == 0
    for number in (0, 1):
        member = Member(pattern=store[number].pattern, seed=0, learning_rate=1e-3)
        store.add_measurements(number, [pretended(member, "silent", 800)])
    long = 800 - branch_start(400, TRAINING) + 800 - branch_start(100, TRAINING)
    assert share_of_long_runs(store.trials, TRAINING, 400) == pytest.approx(long / (search + long))


def test_nothing_trained_cost_nothing(problem: Problem) -> None:
    assert share_of_long_runs(trained_store(problem, [0]).trials, TRAINING, 400) == 0
