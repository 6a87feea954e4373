"""A cohort as Lightning trains it."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from nas.proxy.network.model import CohortTransformer
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training.data import Tensors
from nas.proxy.training.metrics import RungScore, Tally, loss_sums, num_scored
from nas.proxy.training.optimizer import CohortAdamW, Moments
from nas.proxy.training.schedule import learning_rate_share
from nas.proxy.training.stretch_module import StretchModule
from nas.tasks.task import Task


class ProxyModule(StretchModule):
    """The members of a state, their optimiser and, after a branch, their scores.

    Lightning trains it for one epoch, a stretch of the trunk or a whole branch, and validates at the end of a branch.

    Args:
        state: where to start.
        task: what is learned.
        proxy: sizes of the model.
        training: how it is trained.
        backend: how attention runs.
        rung: where the branch ends, in optimiser steps; None to train the trunk.
        on_step: called after every step.

    Raises:
        PatternError: a pattern does not fit the proxy or the task.
    """

    def __init__(
        self,
        state: CohortState,
        task: Task,
        proxy: ProxySettings,
        training: TrainingSettings,
        backend: str,
        rung: int | None,
        on_step: Callable[[], None],
    ) -> None:
        super().__init__(on_step)
        self.model = CohortTransformer(
            state.weights, [member.pattern for member in state.members], proxy, task, backend
        )
        self._start, self._task, self._training, self._rung = state, task, training, rung
        self.scores: tuple[RungScore | None, ...] = (None,) * len(state.members)
        self._moments = Moments(
            state.first_moments.clone(), state.second_moments.clone(), state.alive.clone(), state.step
        )

    @property
    def step(self) -> int:
        """Optimiser steps done."""
        return self._moments.step

    def state(self, wall_seconds: float) -> CohortState:
        """The current state of the cohort, as a value that further training does not change.

        Args:
            wall_seconds: time spent since the start of this module, in seconds; members share it equally.
        """
        moments, members = self._moments, self._start.members
        return CohortState(
            members=members,
            step=moments.step,
            weights=self.model.rows.detach().cpu().clone(),
            first_moments=moments.first.cpu().clone(),
            second_moments=moments.second.cpu().clone(),
            alive=moments.alive.cpu().clone(),
            wall_seconds=tuple(before + wall_seconds / len(members) for before in self._start.wall_seconds),
        )

    def configure_optimizers(self) -> CohortAdamW:
        """The optimiser; Lightning calls this once the weights are on their device."""
        rows = self.model.rows
        self._moments.to(rows.device)
        return CohortAdamW(
            rows,
            self._moments,
            learning_rates=rows.new_tensor([member.learning_rate for member in self._start.members]),
            share=lambda step: learning_rate_share(step, self._training, self._rung),
            weight_decay=self._training.weight_decay,
            num_decaying=self.model.layout.num_decaying,
            gradient_clip=self._training.gradient_clip,
        )

    def on_train_epoch_start(self) -> None:
        """Start the sum of training losses."""
        self._loss_sum = self.model.rows.new_zeros(len(self._start.members))

    def loss(self, batch: Tensors) -> Tensor:
        """The sum of the members' mean losses: no member's gradient depends on the others.

        A member whose loss is not finite is not alive any more.
        """
        tokens, targets, context = batch
        losses = loss_sums(self.model(tokens, context), targets) / num_scored(targets)
        self._loss_sum += losses.detach()
        self._moments.alive &= losses.detach().isfinite()
        return losses.sum()

    def on_train_batch_end(self, *_: Any) -> None:
        """Stop training once no member is left to train; on a GPU this waits for the device."""
        if not self._moments.alive.any():
            self.trainer.should_stop = True

    def on_validation_epoch_start(self) -> None:
        """Start counting losses and right answers."""
        self._tally = Tally(len(self._start.members), self.device)

    def validation_step(self, batch: Tensors) -> None:
        """Count one batch of the validation set."""
        tokens, targets, context = batch
        self._tally.add(self.model(tokens, context), targets)

    def on_validation_epoch_end(self) -> None:
        """Score every member; one whose validation loss is not finite has diverged."""
        train_losses = (self._loss_sum / (self.step - self._start.step)).tolist()
        losses, accuracies = self._tally.losses(), self._tally.accuracies()
        self._moments.alive &= torch.tensor([math.isfinite(loss) for loss in losses], device=self.device)
        self.scores = tuple(
            RungScore(self._task.quality(loss, accuracy), train_loss) if alive else None
            for alive, loss, accuracy, train_loss in zip(
                self._moments.alive.tolist(), losses, accuracies, train_losses, strict=True
            )
        )
