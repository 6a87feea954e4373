"""Training a cohort along its trunk, and down the branch to a rung."""

import time
from collections.abc import Callable

from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training.callbacks import StepNews, StopWhenAllDiverged
from nas.proxy.training.data import TrainBatches, ValidationBatches
from nas.proxy.training.lightning_module import ProxyModule
from nas.proxy.training.quiet_trainer import fit, quiet_trainer
from nas.proxy.training.rung_score import RungScore
from nas.proxy.training.schedule import branch_start
from nas.tasks.task import Task


def train(
    state: CohortState,
    task: Task,
    proxy: ProxySettings,
    training: TrainingSettings,
    *,
    data_seed: int,
    until_step: int,
    device: str = "cpu",
    backend: str = "auto",
    on_step: Callable[[], None] = lambda: None,
) -> CohortState:
    """Train all members of a cohort along the trunk, each as if it were alone.

    A member that diverges (a loss or a gradient that is not finite) stops where it stands; the training ends
    early only if all have. On a CPU with one thread the same arguments give the same result to the bit, in one
    go or resumed at any step.

    Args:
        state: where to start: `CohortState.initial`, or what an earlier call gave.
        task: what is learnt.
        proxy: sizes of the model.
        training: how it is trained.
        data_seed: seed of the stream of batches, which all members share.
        until_step: where to stop, in optimiser steps.
        device: cpu, cuda or cuda:N.
        backend: how attention runs; see `nas.attention.module.attend`.
        on_step: called after every step.

    Returns:
        The state after `until_step`, or before that if all members have diverged.
    """
    if state.step >= until_step or not state.alive.any():
        return state
    started = time.perf_counter()
    module = ProxyModule(state, task, proxy, training, backend, rung=None)
    batches = TrainBatches(task, training.batch_size, data_seed, range(state.step, until_step))
    fit(quiet_trainer(device, [StepNews(on_step), StopWhenAllDiverged()]), module, batches, None)
    return module.state(time.perf_counter() - started)


def train_branch(
    state: CohortState,
    task: Task,
    proxy: ProxySettings,
    training: TrainingSettings,
    *,
    data_seed: int,
    rung: int,
    device: str = "cpu",
    backend: str = "auto",
    on_step: Callable[[], None] = lambda: None,
) -> tuple[CohortState, tuple[RungScore | None, ...]]:
    """Leave the trunk: let the learning rate fall until a rung, and validate there.

    Args:
        state: the trunk at `branch_start(rung, training)`.
        rung: where the branch ends, in optimiser steps.

    The other arguments are those of `train`.

    Returns:
        The state at the rung, and every member's score, None for those that have diverged.
    """
    start = branch_start(rung, training)
    assert state.step == start or not state.alive.any()
    if not state.alive.any():
        return state, (None,) * len(state.members)
    started = time.perf_counter()
    module = ProxyModule(state, task, proxy, training, backend, rung)
    batches = TrainBatches(task, training.batch_size, data_seed, range(start, rung))
    validation = ValidationBatches(task, training.batch_size)
    fit(quiet_trainer(device, [StepNews(on_step), StopWhenAllDiverged()]), module, batches, validation)
    return module.state(time.perf_counter() - started), module.scores
