"""The settings of an executor: workers on this machine, or on a Ray cluster."""

import re
from dataclasses import dataclass

from nas.errors import InputError
from nas.ranges import check_range


@dataclass(kw_only=True, slots=True)
class LocalSettings:
    """Jobs run on this machine, in a process per worker; a single worker needs none of its own.

    Args:
        name: `local`.
    """

    name: str = "local"


@dataclass(kw_only=True, slots=True)
class RaySettings:
    """Jobs run on a Ray cluster, in an actor per worker.

    Args:
        name: `ray`.
        address: HOST:PORT of a Ray cluster, or auto for the one of this machine; empty to start one here, for this
            search alone.
        gpus_per_job: GPUs that a job takes, 0 to 1; 0.5 puts two workers on a GPU. 0 trains on CPU.
        cpus_per_job: cores that a job takes, and CPU threads that torch uses in it.

    Raises:
        InputError: a number is out of range, or the address is none.
    """

    name: str = "ray"
    address: str = ""
    gpus_per_job: float = 0.0
    cpus_per_job: int = 1

    def __post_init__(self) -> None:
        if not re.fullmatch(r"(auto|[\w.-]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5})?", self.address):
            allowed = "must be HOST:PORT of a Ray cluster, auto, or empty to start one on this machine"
            raise InputError("executor.address", allowed, self.address)
        check_range("executor.gpus_per_job", self.gpus_per_job, least=0, most=1)
        check_range("executor.cpus_per_job", self.cpus_per_job, least=1, most=1024)

    def check_devices(self, device: str, workers: int) -> None:
        """Refuse what a cluster cannot tell: how many workers it will have, and which of its GPUs a job gets.

        Raises:
            InputError: a setting of the study does not go with it.
        """
        if not workers:
            allowed = "must be 1 or more with executor=ray, whose clusters grow and shrink"
            raise InputError("workers", allowed, workers, "Add workers=8, for example.")
        if ":" in device:
            remedy = "Use device=cuda and executor.gpus_per_job."
            raise InputError("device", "must be auto, cpu or cuda with executor=ray", device, remedy)
        if device == "cuda" and not self.gpus_per_job:
            allowed = "must be above 0 with device=cuda"
            raise InputError("executor.gpus_per_job", allowed, self.gpus_per_job, "Add executor.gpus_per_job=1.")

    def device(self, device: str) -> str:
        """What a job trains on, of the devices that Ray shows it; `auto` is a GPU if it takes one, or a part."""
        if device == "auto":
            return "cuda:0" if self.gpus_per_job else "cpu"
        return "cuda:0" if device == "cuda" else device


ExecutorSettings = LocalSettings | RaySettings
