"""Devices of a study, on this machine or on a cluster, and how many candidates each trains at once."""

import os

import torch

from nas.errors import InputError
from nas.evaluation.settings import CheckpointSettings
from nas.search.executor_settings import RaySettings
from nas.search.settings import StudySettings

CPU_COHORT = 4
"""Candidates that one core trains at once: a step of four takes 0.74 of the time of four steps (docs/proxy.md)."""

GPU_COHORT = 16
"""Candidates that one GPU trains at once, so that small proxies do not leave most of it idle; not measured yet."""


def choose_devices(settings: StudySettings) -> list[str]:
    """The device of each worker.

    Raises:
        InputError: the device is unknown or this machine does not have it.
    """
    name = settings.device
    if isinstance(settings.executor, RaySettings):
        return [settings.executor.device(name)] * settings.workers
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cpu":
        return ["cpu"] * (settings.workers or num_cores())
    kind, _, index = name.partition(":")
    num_gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if kind != "cuda" or (index and not index.isdecimal()):
        raise InputError("device", "must be auto, cpu, cuda or cuda:N", name)
    if int(index or 0) >= num_gpus:
        allowed = f"must be on this machine, which has {num_gpus} CUDA devices"
        raise InputError("device", allowed, name, "Use device=cpu.")
    if index:
        return [name] * (settings.workers or 1)
    return [f"cuda:{worker % num_gpus}" for worker in range(settings.workers or num_gpus)]


def choose_cohort_size(settings: StudySettings, devices: list[str]) -> int:
    """Most candidates per job; a checkpoint scores one after the other, so nothing is gained by several."""
    if isinstance(settings.evaluation, CheckpointSettings):
        return settings.cohort_size or 1
    return settings.cohort_size or (CPU_COHORT if devices[0] == "cpu" else GPU_COHORT)


def num_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cores_for_threads(cores: int) -> int:
    """How many of the cores threads may use: all of them, or OMP_NUM_THREADS where that is less.

    With more threads than free cores most of their time goes into waiting for one another, so whoever shares a machine
    sets that variable, and torch by itself obeys it.
    """
    first = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return min(cores, max(1, int(first))) if first.isdecimal() and first.isascii() else cores
