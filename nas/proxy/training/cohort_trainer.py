"""Training a cohort: along its trunk, and down the branch to a rung."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nas.proxy.member import Member
from nas.proxy.network.layout import layout_for
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training.data import TrainBatches, ValidationBatches
from nas.proxy.training.lightning_module import ProxyModule
from nas.proxy.training.metrics import RungScore
from nas.proxy.training.quiet_trainer import fit, quiet_trainer
from nas.proxy.training.schedule import branch_start
from nas.tasks.task import Task


def _nothing() -> None:
    """The default `on_step`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortTrainer:
    """Trains cohorts on one task, each member as if it were alone.

    A member that diverges (a loss or a gradient that is not finite) stays where it is; training ends early only if
    all members have. On a CPU with one thread the same arguments give bit-identical results, in one go or resumed at
    any step of the trunk.

    Args:
        task: what is learned.
        proxy: sizes of the model.
        training: how it is trained.
        data_seed: seed of the stream of batches, which all members share.
        device: cpu, cuda or cuda:N.
        backend: how attention runs; see `nas.attention.module.attend`.
    """

    task: Task
    proxy: ProxySettings
    training: TrainingSettings
    data_seed: int
    device: str = "cpu"
    backend: str = "auto"

    def initial(self, members: Sequence[Member]) -> CohortState:
        """Members before their first step; all must have the same layout of weights."""
        return CohortState.initial(members, layout_for(members[0].pattern, self.proxy, self.task))

    def train(self, state: CohortState, until_step: int, on_step: Callable[[], None] = _nothing) -> CohortState:
        """Continue training along the trunk.

        Args:
            state: where to start: `initial`, or what an earlier call returned.
            until_step: where to stop, in optimiser steps.
            on_step: called after every step.

        Returns:
            the state after `until_step`, or before that if all members have diverged.
        """
        if state.step >= until_step or not state.any_alive():
            return state
        started = time.perf_counter()
        module = ProxyModule(state, self.task, self.proxy, self.training, self.backend, None, on_step)
        batches = TrainBatches(self.task, self.training.batch_size, self.data_seed, range(state.step, until_step))
        fit(quiet_trainer(self.device), module, batches, None)
        return module.state(time.perf_counter() - started)

    def train_branch(
        self, state: CohortState, rung: int, on_step: Callable[[], None] = _nothing
    ) -> tuple[CohortState, tuple[RungScore | None, ...]]:
        """Leave the trunk: let the learning rate fall until a rung, and validate there.

        Args:
            state: the trunk at `branch_start(rung, training)`.
            rung: where the branch ends, in optimiser steps.
            on_step: called after every step.

        Returns:
            the state at the rung, and every member's score, None for members that have diverged.
        """
        start = branch_start(rung, self.training)
        assert state.step == start or not state.any_alive()
        if not state.any_alive():
            return state, (None,) * len(state.members)
        started = time.perf_counter()
        module = ProxyModule(state, self.task, self.proxy, self.training, self.backend, rung, on_step)
        batches = TrainBatches(self.task, self.training.batch_size, self.data_seed, range(start, rung))
        validation = ValidationBatches(self.task, len(state.members), self.device)
        fit(quiet_trainer(self.device), module, batches, validation)
        return module.state(time.perf_counter() - started), module.scores
