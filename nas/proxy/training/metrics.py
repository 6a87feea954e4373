"""Loss and accuracy of each member, over a batch and over a validation set."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from nas.proxy.network.model import CohortTransformer
from nas.proxy.settings import ProxySettings
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training.data import ValidationBatches
from nas.proxy.training.precision import precision_on
from nas.tasks.task import IGNORED_TARGET, Task


@dataclass(frozen=True, slots=True)
class RungScore:
    """The validation result at the end of a branch.

    Args:
        quality: the task's metric on the validation set, in its unit.
        train_loss: mean training loss over the branch, in nats per scored token.
    """

    quality: float
    train_loss: float


def loss_sums(scores: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of each member, summed over the scored targets, in nats, shape (members,).

    Args:
        scores: shape (members, places, vocabulary).
        targets: int64, one per place, shape (batch, tokens) or (batch,); IGNORED_TARGET is not scored.
    """
    losses = functional.cross_entropy(
        scores.flatten(0, 1), targets.flatten().repeat(len(scores)), ignore_index=IGNORED_TARGET, reduction="none"
    )
    return losses.view(len(scores), -1).sum(dim=1)


def num_scored(targets: Tensor) -> Tensor:
    """The number of scored targets as a scalar tensor; at least 1, so that a batch without any has loss 0."""
    return torch.count_nonzero(targets != IGNORED_TARGET).clamp(min=1)


class Tally:
    """Losses and right answers over many batches; stays on the device until it is read.

    Args:
        num_members: members of the cohort.
        device: where the scores are.
    """

    def __init__(self, num_members: int, device: torch.device) -> None:
        self._losses = torch.zeros(num_members, device=device)
        self._right = torch.zeros(num_members, dtype=torch.int64, device=device)
        self._scored = torch.zeros((), dtype=torch.int64, device=device)

    def add(self, scores: Tensor, targets: Tensor) -> None:
        """One batch; arguments as in `loss_sums`."""
        self._losses += loss_sums(scores, targets)
        self._right += (scores.argmax(dim=2) == targets.flatten()).sum(dim=1)
        self._scored += num_scored(targets)

    def losses(self) -> list[float]:
        """Mean cross-entropy of each member, in nats per scored token."""
        means: list[float] = (self._losses / self._scored).tolist()
        return means

    def accuracies(self) -> list[float]:
        """Share of scored targets to which a member gives its highest score, 0 to 1."""
        shares: list[float] = (self._right / self._scored).tolist()
        return shares


@torch.no_grad()
def validate(
    state: CohortState, task: Task, proxy: ProxySettings, *, device: str, backend: str = "auto"
) -> tuple[float, ...]:
    """The task's metric of every member on the whole validation set, in its unit.

    Args:
        state: the members and their weights, which must fit the task.
        task: what they are validated on.
        proxy: sizes of the model.
        device: cpu, cuda or cuda:N.
        backend: how attention runs; see `nas.attention.module.attend`.
    """
    place = torch.device(device)
    patterns = [member.pattern for member in state.members]
    model = CohortTransformer(state.weights, patterns, proxy, task, backend).to(place)
    tally = Tally(len(patterns), place)
    with torch.autocast(place.type, torch.bfloat16, enabled=precision_on(device) == "bfloat16"):  # as in training
        for batch in ValidationBatches(task, len(patterns), device):
            tokens, targets, context = (None if ids is None else ids.to(place) for ids in batch)
            assert tokens is not None and targets is not None
            tally.add(model(tokens, context), targets)
    return tuple(map(task.quality, tally.losses(), tally.accuracies()))
