"""Training a cohort from one step to another."""

import time
from collections.abc import Callable

from nas.proxy.callbacks import CheckNews, StepNews, StopWhenAllDiverged
from nas.proxy.data import TrainBatches, ValidationBatches
from nas.proxy.lightning_module import ProxyModule
from nas.proxy.quiet_trainer import fit, quiet_trainer
from nas.proxy.schedule import check_steps
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.state import CohortState
from nas.tasks.task import Task


def train(
    state: CohortState,
    task: Task,
    proxy: ProxySettings,
    training: TrainingSettings,
    *,
    data_seed: int,
    until_step: int | None = None,
    device: str = "cpu",
    backend: str = "auto",
    on_step: Callable[[int], None] = lambda step: None,
    on_check: Callable[[CohortState], None] = lambda state: None,
) -> CohortState:
    """Train all members of a cohort, each as if it were alone, and validate them at every check.

    A member that diverges (a loss or a gradient that is not finite) stops where it stands; the training ends
    early only if all have. On a CPU with one thread the same arguments give the same result to the bit, in one
    go or resumed at any check.

    Args:
        state: where to start: `CohortState.initial`, or what an earlier call gave.
        task: what is learnt.
        proxy: sizes of the model.
        training: how it is trained.
        data_seed: seed of the stream of batches, which all members share.
        until_step: one of `check_steps(training)`; None for the last.
        device: cpu, cuda or cuda:N.
        backend: how attention runs; see `nas.attention.module.attend`.
        on_step: told the number of steps done, after every step.
        on_check: told the state after every check.

    Returns:
        The state after `until_step`, or before that if all members have diverged.
    """
    stops = check_steps(training)
    checks = tuple(check for check in stops if state.step < check <= (until_step or stops[-1]))
    assert state.step in (0, *stops) or not state.alive.any()
    assert until_step is None or until_step in stops
    if not checks or not state.alive.any():
        return state
    started = time.perf_counter()
    module = ProxyModule(state, task, proxy, training, backend)

    def stands() -> CohortState:
        return module.state(time.perf_counter() - started)

    fit(
        quiet_trainer(
            device, len(checks), [StepNews(on_step), CheckNews(lambda: on_check(stands())), StopWhenAllDiverged()]
        ),
        module,
        TrainBatches(task, training.batch_size, data_seed, checks, lambda: module.step),
        ValidationBatches(task, training.batch_size),
    )
    return stands()
