"""What happens beside the training: news go out, and a cohort that has died stops."""

from collections.abc import Callable
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from nas.proxy.lightning_module import ProxyModule

STEPS_BETWEEN_LOOKS = 16
"""Asking a GPU whether anyone is alive makes it wait, so it is asked seldom."""


class StepNews(Callback):
    """Tells every step."""

    def __init__(self, on_step: Callable[[int], None]) -> None:
        self._on_step = on_step

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        """Called by Lightning."""
        assert isinstance(pl_module, ProxyModule)
        self._on_step(pl_module.step)


class CheckNews(Callback):
    """Tells every check, when the curves have grown by it."""

    def __init__(self, on_check: Callable[[], None]) -> None:
        self._on_check = on_check

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Called by Lightning."""
        self._on_check()


class StopWhenAllDiverged(Callback):
    """Ends a training that nobody is left in."""

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        """Called by Lightning."""
        assert isinstance(pl_module, ProxyModule)
        if pl_module.step % STEPS_BETWEEN_LOOKS == 0 and not pl_module.any_alive():
            trainer.should_stop = True
