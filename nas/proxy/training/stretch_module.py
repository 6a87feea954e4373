"""A Lightning module that takes several optimiser steps for each batch of Lightning's."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from lightning.pytorch import LightningModule
from torch import Tensor
from torch.optim import Optimizer

from nas.proxy.training.data import Tensors, steps_of


class StretchModule(LightningModule, ABC):
    """Trains through stretches of steps, as `TrainBatches` gives them.

    For small proxies the hooks, checks and records of Lightning's loop take a tenth of the time of a step.

    Args:
        on_step: called after every step.
    """

    def __init__(self, on_step: Callable[[], None]) -> None:
        super().__init__()
        self.automatic_optimization = False
        self._on_step = on_step

    @abstractmethod
    def loss(self, batch: Tensors) -> Tensor:
        """The loss of one step, a scalar."""

    def transfer_batch_to_device(self, batch: Tensors, device: torch.device, dataloader_idx: int) -> Tensors:
        """A batch, or a stretch of them, on the device; a GPU's copies start from pinned memory, so nothing waits."""
        if device.type == "cuda":
            tokens, targets, context = batch
            batch = tokens.pin_memory(), targets.pin_memory(), None if context is None else context.pin_memory()
        moved: Tensors = super().transfer_batch_to_device(batch, device, dataloader_idx)
        return moved

    def training_step(self, stretch: Tensors) -> None:
        """One optimiser step for each batch of a stretch."""
        optimizer = self.optimizers(use_pl_optimizer=False)
        assert isinstance(optimizer, Optimizer)
        for batch in steps_of(stretch):
            optimizer.zero_grad()
            loss = self.loss(batch)
            with torch.autocast(self.device.type, enabled=False):  # Lightning's is on around this whole method
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
            self._on_step()
