"""What a call allocates, by the counters of the device's allocator."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch.autograd import profiler


@dataclass(frozen=True, slots=True)
class Allocation:
    """What a call allocated beyond what there was before.

    Args:
        peak_bytes: the most at any time.
        held_bytes: what its result still holds.
    """

    peak_bytes: int
    held_bytes: int


def allocation_of(call: Callable[[], object], device: torch.device) -> Allocation:
    """What a call allocates, while its result is held.

    On a CPU with one thread: torch reports no allocation of the threads that pieces start. Every further thread would
    hold the scores of its own tiles as well, a few MiB each.

    Args:
        call: run once.
        device: where it computes.
    """
    if device.type == "cuda":
        return _on_gpu(call, device)
    # The library under the profiler writes a line to the terminal whenever it starts; it reads this on its first use.
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")
    with _one_thread(), profiler.profile(profile_memory=True) as recorded:
        result = call()
    events = recorded.kineto_results.events()
    del result
    held = peak = 0
    for event in events:
        if event.name() == "[memory]":
            held += event.nbytes()
            peak = max(peak, held)
    return Allocation(peak, held)


def _on_gpu(call: Callable[[], object], device: torch.device) -> Allocation:
    torch.cuda.synchronize(device)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    result = call()
    torch.cuda.synchronize(device)
    peak, held = torch.cuda.max_memory_allocated(device), torch.cuda.memory_allocated(device)
    del result
    return Allocation(peak - before, held - before)


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
