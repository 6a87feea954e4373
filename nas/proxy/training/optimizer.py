"""AdamW in which every row of one matrix is a separate model."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

BETAS = (0.9, 0.95)
EPSILON = 1e-8


@dataclass(slots=True, eq=False)
class Moments:
    """AdamW's state of each member.

    Args:
        first: running mean of the gradients, shape (members, num_parameters).
        second: running mean of their squares, same shape.
        alive: members whose losses and gradients have all been finite, bool, shape (members,).
        step: steps taken.
    """

    first: Tensor
    second: Tensor
    alive: Tensor
    step: int

    def to(self, device: torch.device) -> None:
        """Move the tensors to a device."""
        self.first, self.second, self.alive = (tensor.to(device) for tensor in (self.first, self.second, self.alive))


class CohortAdamW(Optimizer):
    """AdamW (Loshchilov and Hutter 2019), row by row.

    torch's AdamW has one learning rate for a tensor, and clipping takes the norm over all of it. Here each row
    has its own learning rate and its own clipping norm, so that a member is updated as it would be alone. A row whose
    gradient is not finite is not alive any more, and what it holds means nothing; no other row is affected.

    Args:
        rows: the parameter, shape (members, num_parameters).
        moments: the state to continue from; updated in place.
        learning_rates: peak learning rate of each member, shape (members,).
        share: from a step to the share of the peak learning rate.
        weight_decay: decoupled decay of the first numbers of a row.
        num_decaying: how many these are.
        gradient_clip: largest norm of a row's gradient.
    """

    def __init__(
        self,
        rows: Tensor,
        moments: Moments,
        *,
        learning_rates: Tensor,
        share: Callable[[int], float],
        weight_decay: float,
        num_decaying: int,
        gradient_clip: float,
    ) -> None:
        super().__init__([rows], {})
        self.moments = moments
        self._rows, self._rates, self._share = rows, learning_rates[:, None], share
        self._decay, self._num_decaying, self._clip = weight_decay, num_decaying, gradient_clip

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update from the gradient that the closure leaves in `rows.grad`, which is clipped in place."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        assert self._rows.grad is not None
        self._update(self._rows.grad)
        return loss

    def _update(self, gradient: Tensor) -> None:
        """As few passes over the rows as there can be: each bias correction is a factor of a scalar or of one a row."""
        moments, (beta1, beta2) = self.moments, BETAS
        norms = torch.linalg.vector_norm(gradient, dim=1, keepdim=True)
        moments.alive &= norms[:, 0].isfinite()
        gradient.mul_((self._clip / norms).clamp_(max=1))
        rate = self._rates * self._share(moments.step)
        moments.step += 1
        first_share, second_share = 1 - beta1**moments.step, math.sqrt(1 - beta2**moments.step)
        moments.first.lerp_(gradient, 1 - beta1)
        moments.second.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        spread = moments.second.sqrt().add_(EPSILON * second_share)
        self._rows[:, : self._num_decaying].mul_(1 - rate * self._decay)
        self._rows.addcdiv_(moments.first * (rate * (-second_share / first_share)), spread)
