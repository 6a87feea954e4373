"""How well each member says what comes next."""

import torch
from torch import Tensor
from torch.nn import functional

from nas.tasks.task import IGNORED_TARGET


def loss_sums(scores: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of each member, summed over the scored targets, in nats, shape (members,).

    Args:
        scores: shape (members, places, vocabulary).
        targets: int64, as many as places, shape (batch, tokens) or (batch,); IGNORED_TARGET is not scored.
    """
    losses = functional.cross_entropy(
        scores.flatten(0, 1), targets.flatten().repeat(len(scores)), ignore_index=IGNORED_TARGET, reduction="none"
    )
    return losses.view(len(scores), -1).sum(dim=1)


def num_scored(targets: Tensor) -> Tensor:
    """Scored targets, at least 1 so that a batch without any has the loss 0, a tensor without dimensions."""
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
        """Share of scored targets that have a member's highest score, 0 to 1."""
        shares: list[float] = (self._right / self._scored).tolist()
        return shares
