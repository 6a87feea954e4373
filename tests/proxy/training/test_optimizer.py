import pytest
import torch
from torch import Tensor

from nas.proxy.training.optimizer import BETAS, EPSILON, CohortAdamW, Moments

RATES = (1e-2, 3e-2, 1e-1)
CLIP = 0.5


def cohort(rows: Tensor, decay: float = 0.1) -> tuple[Tensor, CohortAdamW]:
    rows = rows.clone().requires_grad_()
    moments = Moments(torch.zeros_like(rows), torch.zeros_like(rows), torch.ones(len(rows), dtype=torch.bool), step=0)
    optimizer = CohortAdamW(
        rows,
        moments,
        learning_rates=torch.tensor(RATES[: len(rows)]),
        share=lambda step: 1 / (step + 1),
        weight_decay=decay,
        num_decaying=4,
        gradient_clip=CLIP,
    )
    return rows, optimizer


def test_every_row_moves_as_under_torchs_own_adamw() -> None:
    torch.manual_seed(0)
    begin, targets = torch.randn(3, 8), torch.randn(10, 3, 8)
    rows, optimizer = cohort(begin)
    alone = []
    for row, rate in zip(begin, RATES, strict=True):
        parts = [row[:4].clone().requires_grad_(), row[4:].clone().requires_grad_()]
        groups = [{"params": [parts[0]], "weight_decay": 0.1}, {"params": [parts[1]], "weight_decay": 0.0}]
        alone.append((parts, torch.optim.AdamW(groups, lr=rate, betas=BETAS, eps=EPSILON), rate))
    for step, target in enumerate(targets):
        rows.grad = (rows.detach() - target) * 0.3
        optimizer.step()
        for index, (parts, adamw, rate) in enumerate(alone):
            for part, goal in zip(parts, target[index].split(4), strict=True):
                part.grad = (part.detach() - goal) * 0.3
            torch.nn.utils.clip_grad_norm_(parts, CLIP)
            for group in adamw.param_groups:
                group["lr"] = rate / (step + 1)
            adamw.step()
    expected = torch.stack([torch.cat(parts).detach() for parts, _, _ in alone])
    torch.testing.assert_close(rows.detach(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("poison", [float("nan"), float("inf"), float("-inf")])
def test_a_row_with_a_bad_gradient_is_dead_for_good_and_alone(poison: float) -> None:
    torch.manual_seed(0)
    begin, gradients = torch.randn(3, 8), torch.randn(4, 3, 8)
    healthy, calm = cohort(begin)
    rows, optimizer = cohort(begin)
    for step, gradient in enumerate(gradients):
        healthy.grad = gradient.clone()
        calm.step()
        rows.grad = gradient.clone()
        if step == 1:
            rows.grad[1, 3] = poison
        optimizer.step()
    assert optimizer.moments.alive.tolist() == [True, False, True]
    assert torch.equal(rows[[0, 2]], healthy[[0, 2]])


def test_rows_without_a_gradient_do_not_divide_by_zero() -> None:
    rows, optimizer = cohort(torch.ones(1, 8), decay=0.0)
    rows.grad = torch.zeros(1, 8)
    optimizer.step()
    assert torch.equal(rows, torch.ones(1, 8))
