"""What happens beside the training: steps are told, and a cohort that has died stops."""

from collections.abc import Callable
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from nas.proxy.training.lightning_module import ProxyModule

STEPS_BETWEEN_LOOKS = 16
"""Asking a GPU whether anyone is alive makes it wait, so it is asked seldom."""


class StepNews(Callback):
    """Tells every step."""

    def __init__(self, on_step: Callable[[], None]) -> None:
        self._on_step = on_step

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        """Called by Lightning."""
        self._on_step()


class StopWhenAllDiverged(Callback):
    """Ends a training that nobody is left in."""

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        """Called by Lightning."""
        assert isinstance(pl_module, ProxyModule)
        if pl_module.step % STEPS_BETWEEN_LOOKS == 0 and not pl_module.any_alive():
            trainer.should_stop = True
