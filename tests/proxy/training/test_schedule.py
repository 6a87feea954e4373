from itertools import pairwise

import pytest

from nas.proxy.settings import TrainingSettings
from nas.proxy.training.schedule import branch_start, learning_rate_share, rung_steps
from tests.steps_spent import steps_spent

ODD_COURSES = [
    TrainingSettings(num_steps=1),
    TrainingSettings(num_steps=7, warmup_steps=0),
    TrainingSettings(num_steps=30, warmup_steps=40),
    TrainingSettings(num_steps=30, num_rungs=4, warmup_steps=5, cooldown_share=1.0),
    TrainingSettings(num_steps=1000, num_rungs=3, rung_ratio=7, cooldown_share=1e-6),
]


@pytest.mark.parametrize(
    ("num_steps", "num_rungs", "ratio", "steps"),
    [
        (400, 1, 2, (400,)),
        (480, 4, 2, (60, 120, 240, 480)),
        (54, 3, 3, (6, 18, 54)),
        (10, 3, 2, (3, 5, 10)),
        (5, 2, 2, (3, 5)),
    ],
)
def test_rungs_grow_by_the_ratio_and_end_with_the_training(
    num_steps: int, num_rungs: int, ratio: int, steps: tuple[int, ...]
) -> None:
    assert rung_steps(TrainingSettings(num_steps=num_steps, num_rungs=num_rungs, rung_ratio=ratio)) == steps


def test_the_rate_rises_in_a_line_and_stays_on_the_trunk() -> None:
    training = TrainingSettings(num_steps=100, warmup_steps=10)
    shares = [learning_rate_share(step, training) for step in range(100)]
    assert shares[:10] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    assert set(shares[10:]) == {1.0}


def test_a_branch_falls_from_the_trunk_to_almost_nothing() -> None:
    training = TrainingSettings(num_steps=1000, warmup_steps=10, cooldown_share=0.4)
    assert branch_start(1000, training) == 600
    shares = [learning_rate_share(step, training, rung=1000) for step in range(600, 1000)]
    assert shares[0] == 1.0
    assert shares[100] == pytest.approx(0.5)
    assert all(later < earlier for earlier, later in pairwise(shares))
    assert 0 < shares[-1] < 0.002


@pytest.mark.parametrize("training", ODD_COURSES)
def test_every_branch_leaves_the_trunk_without_a_jump_and_leaves_every_step_a_rate(training: TrainingSettings) -> None:
    for rung in rung_steps(training):
        start = branch_start(rung, training)
        assert 0 <= start < rung
        assert learning_rate_share(start, training, rung) == learning_rate_share(start, training)
        trunk = [learning_rate_share(step, training) for step in range(start)]
        branch = [learning_rate_share(step, training, rung) for step in range(start, rung)]
        assert all(0 < share <= 1 for share in trunk + branch)


def test_neither_trunk_nor_branch_knows_how_far_the_training_goes() -> None:
    short, long = TrainingSettings(num_steps=60), TrainingSettings(num_steps=480, num_rungs=4)
    assert branch_start(60, short) == branch_start(60, long)
    for rung in (None, 60):
        steps = range(branch_start(60, short) if rung else 0, 60)
        assert [learning_rate_share(step, short, rung) for step in steps] == [
            learning_rate_share(step, long, rung) for step in steps
        ]


@pytest.mark.parametrize("ratio", [2, 3, 4])
def test_all_rungs_together_cost_the_last_one_and_the_branches_below(ratio: int) -> None:
    training = TrainingSettings(num_steps=10 * ratio**4, num_rungs=5, rung_ratio=ratio)
    spent = [steps_spent(rung, training) for rung in rung_steps(training)]
    assert spent == [
        training.num_steps // ratio**below + sum(2 * ratio**lower for lower in range(4 - below))
        for below in (4, 3, 2, 1, 0)
    ]
    assert spent[-1] <= training.num_steps * (1 + training.cooldown_share / (ratio - 1))
