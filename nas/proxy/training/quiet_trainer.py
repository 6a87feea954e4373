"""A Lightning Trainer without any output."""

import logging
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.pytorch import LightningModule, Trainer

from nas.proxy.training.precision import precision_on


def quiet_trainer(device: str) -> Trainer:
    """A Trainer for one epoch on one device, in bfloat16 on a GPU, that writes no files and prints nothing.

    Args:
        device: cpu, cuda or cuda:N.
    """
    place = torch.device(device)
    on_gpu = place.type == "cuda"
    with _silence():
        return Trainer(
            accelerator="gpu" if on_gpu else place.type,
            devices=[place.index or 0] if on_gpu else 1,
            precision="bf16-mixed" if precision_on(device) == "bfloat16" else "32-true",
            plugins=[LightningEnvironment()],  # one process, whatever a cluster's scheduler says of its own job
            max_epochs=1,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            # Masks made during validation are cached, and training must be able to use them.
            inference_mode=False,
        )


def fit(
    trainer: Trainer,
    module: LightningModule,
    batches: Iterable[object],
    validation_batches: Iterable[object] | None,
) -> None:
    """Train, and validate at the end if there are validation batches.

    Raises:
        KeyboardInterrupt: the user stopped it; Lightning on its own would end the process.
    """
    try:
        with _silence():
            trainer.fit(module, batches, validation_batches)
    except SystemExit as end:
        if isinstance(end.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise


@contextmanager
def _silence() -> Iterator[None]:
    """Suppress Lightning's hints about devices and data loaders, and its warnings."""
    log = logging.getLogger("lightning.pytorch")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
