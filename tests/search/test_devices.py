"""Which devices a study gets on a machine with and without GPUs."""

import pytest
import torch

from nas.errors import InputError
from nas.evaluation.settings import CheckpointSettings
from nas.search.devices import (
    CPU_COHORT,
    GPU_COHORT,
    choose_cohort_size,
    choose_devices,
    cores_for_threads,
    num_cores,
)
from nas.search.settings import StudySettings


@pytest.fixture
def three_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)


def test_a_cpu_has_a_worker_per_core_unless_told_otherwise() -> None:
    assert choose_devices(StudySettings(device="cpu")) == ["cpu"] * num_cores()
    assert choose_devices(StudySettings(device="cpu", workers=3)) == ["cpu"] * 3


@pytest.mark.usefixtures("three_gpus")
@pytest.mark.parametrize(
    ("device", "workers", "devices"),
    [
        ("auto", 0, ["cuda:0", "cuda:1", "cuda:2"]),
        ("cuda", 0, ["cuda:0", "cuda:1", "cuda:2"]),
        ("cuda", 2, ["cuda:0", "cuda:1"]),
        ("cuda", 5, ["cuda:0", "cuda:1", "cuda:2", "cuda:0", "cuda:1"]),
        ("cuda:2", 0, ["cuda:2"]),
        ("cuda:2", 2, ["cuda:2", "cuda:2"]),
        ("cpu", 2, ["cpu", "cpu"]),
    ],
)
def test_workers_take_turns_on_the_gpus(device: str, workers: int, devices: list[str]) -> None:
    assert choose_devices(StudySettings(device=device, workers=workers)) == devices


@pytest.mark.usefixtures("three_gpus")
def test_a_gpu_beyond_the_last_is_refused() -> None:
    with pytest.raises(InputError, match=r"^device: must be on this machine, which has 3 CUDA devices, got 'cuda:3'"):
        choose_devices(StudySettings(device="cuda:3"))


@pytest.mark.parametrize("device", ["tpu", "cuda:x", "cuda:99", "CPU"])
def test_a_device_that_is_not_here_is_refused(device: str) -> None:
    with pytest.raises(InputError, match=r"^device: must be"):
        choose_devices(StudySettings(device=device))


def test_cohorts_are_sized_by_the_device_unless_told_otherwise() -> None:
    assert choose_cohort_size(StudySettings(), ["cpu"]) == CPU_COHORT
    assert choose_cohort_size(StudySettings(), ["cuda:0"]) == GPU_COHORT > CPU_COHORT > 1
    assert choose_cohort_size(StudySettings(cohort_size=5), ["cpu"]) == 5


def test_a_checkpoint_has_no_cohorts_unless_told_otherwise() -> None:
    for device in ("cpu", "cuda:0"):
        assert (
            choose_cohort_size(
                StudySettings(evaluation=CheckpointSettings(weights="lora"), checkpoint="folder"), [device]
            )
            == 1
        )
    assert (
        choose_cohort_size(
            StudySettings(evaluation=CheckpointSettings(weights="lora"), checkpoint="folder", cohort_size=5), ["cpu"]
        )
        == 5
    )


@pytest.mark.parametrize(
    ("told", "cores"),
    [(None, 6), ("", 6), ("4", 4), (" 4,2", 4), ("8", 6), ("0", 1), ("many", 6), ("\N{SUPERSCRIPT TWO}", 6)],
)
def test_threads_keep_to_what_the_environment_allows(
    told: str | None, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if told is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", told)
    assert cores_for_threads(6) == cores
