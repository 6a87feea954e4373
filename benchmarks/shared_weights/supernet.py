"""One set of weights, trained with masks that change at every step."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from nas.errors import InputError
from nas.patterns.model import ModelPattern
from nas.proxy.network.model import CohortTransformer
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.training.data import Tensors, TrainBatches
from nas.proxy.training.metrics import loss_sums, num_scored
from nas.proxy.training.optimizer import CohortAdamW, Moments
from nas.proxy.training.quiet_trainer import fit, quiet_trainer
from nas.proxy.training.schedule import branch_start, learning_rate_share
from nas.proxy.training.stretch_module import StretchModule
from nas.tasks.task import IGNORED_TARGET, Task

from .sandwich import Sandwich
from .weights import shared_layout


class SupernetModule(StretchModule):
    """A row of weights under all patterns of a sandwich, as Lightning trains it.

    Every pattern has a model of its own, whose rows are one and the same parameter: its gradient is the sum of theirs.

    Args:
        row: initial weights, shape (1, num_parameters).
        sandwich: which patterns a step trains.
        task: what is learnt.
        proxy: sizes of the model.
        training: how it is trained, `num_steps` from warm-up to the end of the cool-down.
        distil: whether all patterns but the first of a step learn from its scores instead of the targets.
        backend: how attention runs.
        on_step: called after every step.
    """

    def __init__(
        self,
        row: Tensor,
        sandwich: Sandwich,
        task: Task,
        proxy: ProxySettings,
        training: TrainingSettings,
        *,
        distil: bool,
        backend: str,
        on_step: Callable[[], None],
    ) -> None:
        super().__init__(on_step)
        self.row = nn.Parameter(row.clone())
        self._sandwich, self._task, self._proxy, self._training = sandwich, task, proxy, training
        self._distil, self._backend = distil, backend
        # Not a ModuleDict: Lightning would find the one parameter many times.
        self._models: dict[ModelPattern, CohortTransformer] = {}
        self.moments = Moments(torch.zeros_like(row), torch.zeros_like(row), torch.ones(1, dtype=torch.bool), 0)

    def configure_optimizers(self) -> CohortAdamW:
        """Called by Lightning when the weights are on their device."""
        self.moments.to(self.row.device)
        return CohortAdamW(
            self.row,
            self.moments,
            learning_rates=self.row.new_tensor([self._training.learning_rate]),
            share=self._learning_rate_share,
            weight_decay=self._training.weight_decay,
            num_decaying=self._model(self._sandwich.patterns[0]).layout.num_decaying,
            gradient_clip=self._training.gradient_clip,
        )

    def loss(self, batch: Tensors) -> Tensor:
        """The mean loss of the step's patterns; each sees the same sequences."""
        first, *others = self._sandwich.at(self.moments.step)
        tokens, targets, context = batch
        scores = self._model(first)(tokens, context)
        losses = [_mean_loss(scores, targets)]
        teacher = scores.detach()
        for pattern in others:
            scores = self._model(pattern)(tokens, context)
            losses.append(divergence(scores, teacher, targets) if self._distil else _mean_loss(scores, targets))
        return torch.stack(losses).mean()

    def _model(self, pattern: ModelPattern) -> CohortTransformer:
        if pattern not in self._models:
            model = CohortTransformer(self.row.detach(), [pattern], self._proxy, self._task, self._backend)
            model.rows = self.row
            self._models[pattern] = model.to(self.device)
        return self._models[pattern]

    def _learning_rate_share(self, step: int) -> float:
        """The course of one training from its warm-up to the end of its only branch."""
        last = self._training.num_steps
        on_branch = step >= branch_start(last, self._training)
        return learning_rate_share(step, self._training, last if on_branch else None)


def train_supernet(
    sandwich: Sandwich,
    task: Task,
    proxy: ProxySettings,
    training: TrainingSettings,
    *,
    seed: int,
    data_seed: int,
    distil: bool = False,
    device: str = "cpu",
    backend: str = "auto",
    on_step: Callable[[], None] = lambda: None,
) -> Tensor:
    """Weights shared by all patterns of a sandwich.

    On a CPU with one thread the same arguments give the same weights to the bit.

    Args:
        sandwich: which patterns a step trains; a step costs as much as `sandwich.size` steps of one pattern.
        task: what is learnt.
        proxy: sizes of the model.
        training: how it is trained, `num_steps` from warm-up to the end of the cool-down.
        seed: draws the initial weights.
        data_seed: seed of the stream of batches.
        distil: whether all patterns but the first of a step learn from its scores instead of the targets (in-place
            distillation: Yu and Huang 2019, section 3.3); the first should then be full attention.
        device: cpu, cuda or cuda:N.
        backend: how attention runs; see `nas.attention.module.attend`.
        on_step: called after every step.

    Returns:
        float32, on the CPU, shape (1, num_parameters), in the order of the patterns' layout.

    Raises:
        PatternError: a pattern does not fit the proxy or the task.
        InputError: the patterns need different weights, or the training diverged.
    """
    layout = shared_layout(sandwich.patterns, proxy, task)
    row = layout.initial_row(seed)[None]
    module = SupernetModule(row, sandwich, task, proxy, training, distil=distil, backend=backend, on_step=on_step)
    batches = TrainBatches(task, training.batch_size, data_seed, range(training.num_steps))
    fit(quiet_trainer(device), module, batches, None)
    if not module.moments.alive.all():
        allowed = "must keep the shared weights finite"
        raise InputError("training.learning_rate", allowed, training.learning_rate, "Lower it.")
    return module.row.detach().cpu().clone()


def divergence(scores: Tensor, teacher: Tensor, targets: Tensor) -> Tensor:
    """How far scores are from a teacher's: KL(teacher || scores), in nats per scored token, no dimensions.

    Args:
        scores: shape (1, places, vocabulary).
        teacher: the same shape, without a gradient.
        targets: as many as places; where IGNORED_TARGET stands nothing is compared.
    """
    logs, wanted = (functional.log_softmax(one[0].float(), dim=1) for one in (scores, teacher))
    by_place = functional.kl_div(logs, wanted, reduction="none", log_target=True).sum(dim=1)
    return by_place[targets.flatten() != IGNORED_TARGET].sum() / num_scored(targets)


def _mean_loss(scores: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy in nats per scored token, no dimensions."""
    return loss_sums(scores, targets)[0] / num_scored(targets)
