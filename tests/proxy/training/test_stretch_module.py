"""How stretches of steps reach their device, and in which order they are trained on."""

import pytest
import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn

from nas.proxy.training.data import Tensors, TrainBatches
from nas.proxy.training.quiet_trainer import fit, quiet_trainer
from nas.proxy.training.stretch_module import StretchModule
from tests.noise_task import NoiseTask


class Listener(StretchModule):
    """Notes the batches that it is trained on."""

    def __init__(self) -> None:
        super().__init__(lambda: None)
        self.weight, self.seen = nn.Parameter(torch.ones(())), list[Tensors]()

    def loss(self, batch: Tensors) -> Tensor:
        self.seen.append(batch)
        return self.weight * batch[0].float().mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def test_every_step_has_its_own_batch() -> None:
    module, task = Listener(), NoiseTask()
    fit(quiet_trainer("cpu"), module, TrainBatches(task, 2, 5, range(20)), None)
    for step, (tokens, targets, context) in enumerate(module.seen):
        batch = task.train_batch(step, 2, 5)
        assert tokens.tolist() == batch.tokens.tolist() and targets.tolist() == batch.targets.tolist()
        assert context is None
    assert len(module.seen) == 20


@pytest.mark.parametrize("has_context", [False, True])
def test_what_travels_to_a_gpu_is_pinned(has_context: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    pinned, moved = list[Tensor](), list[object]()

    def pin(tensor: Tensor) -> Tensor:
        pinned.append(tensor.clone())
        return pinned[-1]

    def move(self: LightningModule, batch: Tensors, device: torch.device, dataloader_idx: int) -> Tensors:
        moved.extend(batch)
        return batch

    monkeypatch.setattr(Tensor, "pin_memory", pin)
    monkeypatch.setattr(LightningModule, "transfer_batch_to_device", move)
    (stretch,) = TrainBatches(NoiseTask(has_context=has_context), 2, 5, range(3))
    Listener().transfer_batch_to_device(stretch, torch.device("cuda"), 0)
    assert len(pinned) == 2 + has_context
    assert all(ours is theirs for ours, theirs in zip(moved[: len(pinned)], pinned, strict=True))
    pinned.clear()
    Listener().transfer_batch_to_device(stretch, torch.device("cpu"), 0)
    assert not pinned
