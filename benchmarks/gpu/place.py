"""Where a stage runs, and how it measures there."""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from nas.errors import first_line

CALLS = 5
"""Calls that are timed together: waiting for the device after each would add to the shortest."""


@dataclass(frozen=True, slots=True)
class Place:
    """The device of a stage.

    Args:
        device: cpu, cuda or cuda:N.
        small: whether sizes are tiny, which shows that a stage runs, and no more.
    """

    device: torch.device
    small: bool

    @property
    def on_gpu(self) -> bool:
        """Whether there are kernels to wait for and an allocator that counts."""
        return self.device.type == "cuda"

    def synchronize(self) -> None:
        """Wait for the device."""
        if self.on_gpu:
            torch.cuda.synchronize(self.device)

    def seconds(self, call: Callable[[], object], repeats: int = 5) -> float:
        """Wall time of a call: the median of some repeats, each of several calls in a row; warm."""
        call()
        return statistics.median(self._seconds_once(call) for _ in range(1 if self.small else repeats))

    def _seconds_once(self, call: Callable[[], object]) -> float:
        self.synchronize()
        start = time.perf_counter()
        calls = 1 if self.small else CALLS
        for _ in range(calls):
            call()
        self.synchronize()
        return (time.perf_counter() - start) / calls

    def peak_bytes(self, call: Callable[[], object]) -> int | None:
        """The most memory that a call allocates beyond what is allocated before; None on a CPU."""
        if not self.on_gpu:
            call()
            return None
        before = torch.cuda.memory_allocated(self.device)
        torch.cuda.reset_peak_memory_stats(self.device)
        call()
        return torch.cuda.max_memory_allocated(self.device) - before


class Parts:
    """The parts of a stage: one that fails is a row that says so, and hides none of those after it."""

    def __init__(self) -> None:
        self._failed: list[str] = []

    @contextmanager
    def part(self, *names: str) -> Iterator[None]:
        """Run a part; names are the first cells of its row where it fails."""
        try:
            yield
        except Exception as error:
            self._failed.append(" ".join(names))
            row(*names, f"failed: {first_line(error).replace('|', '/')}")

    def end(self) -> None:
        """End the process with an error that names the parts that failed, if any did."""
        if self._failed:
            sys.exit(", ".join(self._failed))


def parse(description: str | None, words: Sequence[str] | None) -> Place:
    """The place that the command line names; a CPU gets one thread."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", help="cpu, cuda or cuda:N")
    parser.add_argument("--small", action="store_true", help="tiny sizes, to see that it runs")
    options = parser.parse_args(words)
    place = Place(torch.device(options.device), options.small)
    if place.on_gpu and not torch.cuda.is_available():
        parser.error("--device cuda: torch finds no GPU here; --device cpu --small shows that the stage runs")
    if not place.on_gpu:
        torch.set_num_threads(1)
    return place


def head(*names: str) -> None:
    """The first two lines of a table."""
    row(*names)
    row(*("---",) * len(names))


def row(*cells: str) -> None:
    """A line of a table, at once: what a stage has printed stays when it is stopped."""
    print(f"| {' | '.join(cells)} |", flush=True)


def mib(num_bytes: int | None) -> str:
    """Memory as it is shown; a dash for what a CPU does not count."""
    return "-" if num_bytes is None else f"{num_bytes / 2**20:,.0f}"
