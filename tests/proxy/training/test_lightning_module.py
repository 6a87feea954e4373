from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from statistics import fmean

import pytest
import torch

from nas.proxy.member import Member
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training import data
from nas.proxy.training.data import TrainBatches, ValidationBatches
from nas.proxy.training.lightning_module import ProxyModule
from nas.proxy.training.quiet_trainer import fit, quiet_trainer
from nas.tasks.language.text import TextTask

Start = Callable[..., CohortState]


def test_what_was_taken_from_it_does_not_change_with_further_steps(
    task: TextTask, proxy: ProxySettings, training: TrainingSettings, start: Start, members: tuple[Member, ...]
) -> None:
    begun, taken = start(*members), []
    module = ProxyModule(begun, task, proxy, training, "auto", None, lambda: taken.append(module.state(3.0)))
    fit(quiet_trainer("cpu"), module, TrainBatches(task, 4, 5, range(3)), None)
    assert [state.step for state in taken] == [1, 2, 3]
    assert not torch.equal(taken[0].weights, taken[1].weights)
    assert not torch.equal(taken[0].first_moments, taken[1].first_moments)
    assert taken[2].wall_seconds == (0.75,) * 4
    assert torch.equal(begun.weights, start(*members).weights) and not begun.first_moments.any()


def test_the_training_loss_of_a_branch_is_the_mean_over_its_steps(
    task: TextTask, proxy: ProxySettings, training: TrainingSettings, start: Start, members: tuple[Member, ...]
) -> None:
    training, sums = replace(training, cooldown_share=1.0), []
    module = ProxyModule(
        start(*members), task, proxy, training, "auto", 3, lambda: sums.append(module._loss_sum.clone())
    )
    fit(quiet_trainer("cpu"), module, TrainBatches(task, 4, 5, range(3)), ValidationBatches(task, 1, "cpu"))
    losses = [(after - before).tolist() for before, after in pairwise([torch.zeros(4), *sums])]
    for score, own in zip(module.scores, zip(*losses, strict=True), strict=True):
        assert score is not None and score.train_loss == pytest.approx(fmean(own))


def test_a_dead_cohort_is_noticed_at_the_next_look(
    task: TextTask,
    proxy: ProxySettings,
    training: TrainingSettings,
    start: Start,
    members: tuple[Member, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(data, "STEPS_AT_ONCE", 4)
    begun = start(*members)
    begun.weights[:] = float("nan")
    module = ProxyModule(begun, task, proxy, training, "auto", None, lambda: None)
    fit(quiet_trainer("cpu"), module, TrainBatches(task, 4, 5, range(10)), None)
    assert module.step == 4 and not module.state(0.0).any_alive()
