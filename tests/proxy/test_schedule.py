from itertools import pairwise

import pytest

from nas.proxy.schedule import check_steps, learning_rate_share
from nas.proxy.settings import TrainingSettings


def test_the_rate_rises_in_a_line_to_its_peak_and_falls_to_almost_nothing() -> None:
    training = TrainingSettings(num_steps=100, warmup_share=0.1)
    shares = [learning_rate_share(step, training) for step in range(100)]
    assert shares[:10] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    assert shares[10] == 1.0
    assert all(later < earlier for earlier, later in pairwise(shares[10:]))
    assert shares[55] == pytest.approx(0.5)
    assert 0 < shares[99] < 0.001


@pytest.mark.parametrize("warmup_share", [0.0, 0.5, 1.0])
def test_every_warm_up_leaves_every_step_a_rate(warmup_share: float) -> None:
    training = TrainingSettings(num_steps=3, warmup_share=warmup_share)
    assert all(0 < learning_rate_share(step, training) <= 1 for step in range(3))


@pytest.mark.parametrize(
    ("num_steps", "num_checks", "steps"),
    [(400, 4, (100, 200, 300, 400)), (10, 3, (4, 7, 10)), (2, 4, (1, 2)), (5, 1, (5,))],
)
def test_checks_are_evenly_spaced_and_end_with_the_training(
    num_steps: int, num_checks: int, steps: tuple[int, ...]
) -> None:
    assert check_steps(TrainingSettings(num_steps=num_steps, num_checks=num_checks)) == steps
