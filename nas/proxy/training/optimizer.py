"""AdamW in which every row of one matrix is a separate model."""

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
        alive: members that never had a gradient that was not finite, bool, shape (members,).
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
    gradient or new value is not finite stays where it is for good; no other row is affected.

    Args:
        rows: the parameter, shape (members, num_parameters).
        moments: the state to continue from; updated in place.
        learning_rates: peak learning rate of each member, shape (members,).
        share: from a step to the share of the peak learning rate.
        decay: decoupled weight decay of each number, shape (num_parameters,).
        gradient_clip: largest norm of a row's gradient.
    """

    def __init__(
        self,
        rows: Tensor,
        moments: Moments,
        *,
        learning_rates: Tensor,
        share: Callable[[int], float],
        decay: Tensor,
        gradient_clip: float,
    ) -> None:
        super().__init__([rows], {})
        self.moments = moments
        self._rows, self._rates, self._share = rows, learning_rates[:, None], share
        self._decay, self._clip = decay, gradient_clip

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update from the gradient that the closure leaves in `rows.grad`."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        gradient = self._rows.grad
        assert gradient is not None
        moments, (beta1, beta2) = self.moments, BETAS
        moments.alive &= self._clip_rows(gradient)
        # torch.where, not a product with 0: 0 * NaN is NaN.
        gradient = torch.where(moments.alive[:, None], gradient, 0)
        rate = self._rates * self._share(moments.step)
        moments.step += 1
        moments.first.lerp_(gradient, 1 - beta1)
        moments.second.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        spread = (moments.second / (1 - beta2**moments.step)).sqrt_().add_(EPSILON)
        change = (moments.first / (1 - beta1**moments.step)).div_(spread).addcmul_(self._decay, self._rows)
        moved = self._rows - rate * change
        moments.alive &= moved.sum(dim=1).isfinite()
        self._rows.copy_(torch.where(moments.alive[:, None], moved, self._rows))
        return loss

    def _clip_rows(self, gradient: Tensor) -> Tensor:
        """Clip each row to the largest norm, in place; returns which rows are finite, shape (members,)."""
        norms = torch.linalg.vector_norm(gradient, dim=1)
        gradient.mul_((self._clip / norms).clamp_(max=1)[:, None])
        finite: Tensor = norms.isfinite()
        return finite
