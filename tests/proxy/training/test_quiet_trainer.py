import signal
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from nas.proxy.training.quiet_trainer import fit, quiet_trainer


class Slope(LightningModule):
    """Learns one number; may be interrupted at a step."""

    def __init__(self, interrupted_at: int | None = None) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.zeros(()))
        self.interrupted_at, self.validated = interrupted_at, 0

    def training_step(self, batch: Tensor, index: int) -> Tensor:
        if index == self.interrupted_at:
            raise KeyboardInterrupt
        return (self.slope * batch - 2 * batch).square().mean()

    def validation_step(self, batch: Tensor) -> None:
        self.validated += 1

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def batches(count: int) -> DataLoader[Tensor]:
    return DataLoader(cast(Dataset[Tensor], torch.ones(count, 4)), batch_size=None)


def test_it_trains_for_one_epoch_and_validates_at_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    module = Slope()
    fit(quiet_trainer("cpu"), module, batches(50), batches(3))
    assert module.slope.item() == pytest.approx(2.0, abs=0.01)
    assert module.validated == 3
    assert list(tmp_path.iterdir()) == [] and capfd.readouterr() == ("", "")


def test_a_job_of_a_cluster_trains_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lightning takes such a job for its own, and refuses several tasks that are not counted by node."""
    for name, value in {"JOB_ID": "7", "JOB_NAME": "search", "NTASKS": "4", "PROCID": "3", "LOCALID": "3"}.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    monkeypatch.delenv("SLURM_NTASKS_PER_NODE", raising=False)
    module = Slope()
    fit(quiet_trainer("cpu"), module, batches(50), None)
    assert module.slope.item() == pytest.approx(2.0, abs=0.01)
    assert module.trainer.global_rank == 0


def test_an_interrupt_reaches_the_caller() -> None:
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        fit(quiet_trainer("cpu"), Slope(interrupted_at=3), batches(50), None)
    assert signal.getsignal(signal.SIGINT) is handler
