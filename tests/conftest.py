"""What holds for every test: one thread, no accounts, no network, no waiting for the disk."""

import errno
import functools
import importlib.metadata
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Before torch is imported, and for the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["WANDB_MODE"] = "offline"
for name in (
    "WANDB_API_KEY",
    "WANDB_BASE_URL",
    "WANDB_PROJECT",
    "WANDB_ENTITY",
    "HYDRA_FULL_ERROR",
    "NO_COLOR",
    "NAS_STORAGE",
):
    os.environ.pop(name, None)

# Flushing outlasts a loss of power, which no test brings about. A study of forty trials would wait for the disk for ten
# seconds. Processes that tests start flush what they write.
os.fsync = lambda fd: None

# With it, importing jsonschema reads a grammar of addresses for a second, whose form no schema here prescribes.
sys.modules["rfc3987_syntax"] = None

# For every trainer Lightning reads the entry points of all that is installed: longer than tests train it.
importlib.metadata.entry_points = functools.cache(importlib.metadata.entry_points)  # type: ignore[assignment]


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """A test that needs another machine is a mistake; sockets of this one are how processes talk."""
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test reached for the network: {address}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        yield


@pytest.fixture(autouse=True)
def one_thread_again() -> Iterator[None]:
    """A study that trains in this process gives torch all cores, and small operations then mostly wait for threads."""
    yield
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


@pytest.fixture
def in_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk without room for what is written: as some file systems do, it says so when the content is flushed."""

    def refuse(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files and folders that are flushed to the disk, in order."""
    names: list[str] = []
    fsync = os.fsync

    def listen(descriptor: int) -> None:
        names.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", listen)
    return names
