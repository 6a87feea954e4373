"""Threads on a CPU, each of which works on its own sequences from start to end.

Tiles are small, so threads that share every operation synchronise thousands of times per call. On idle cores that
costs little; as soon as something else runs on one of them, each synchronisation waits for the scheduler
(docs/attention.md has figures). Here threads synchronise once, when their sequences are done.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import Barrier
from typing import TypeVar

import torch
from torch import Tensor

T = TypeVar("T")


def side_by_side(tasks: Sequence[Callable[[], T]], device: torch.device) -> list[T]:
    """Run the tasks, as many at a time as torch may use threads, and return their results in order.

    Args:
        tasks: independent of each other; they must not write to tensors of the caller, which may be in inference mode.
        device: where they compute; on any device but a CPU they run one after the other.
    """
    num_threads = torch.get_num_threads()
    if device.type != "cpu" or num_threads == 1 or len(tasks) == 1:
        return [task() for task in tasks]
    return list(_pool(num_threads).map(_run, tasks))


def shares(sequences: Tensor) -> list[slice]:
    """Slices of the first dimension, one for each thread that may work on it."""
    num_threads = torch.get_num_threads() if sequences.device.type == "cpu" else 1
    size = -(-len(sequences) // num_threads)
    return [slice(start, min(start + size, len(sequences))) for start in range(0, len(sequences), size)]


@lru_cache(maxsize=4)
def _pool(num_threads: int) -> ThreadPoolExecutor:
    """Threads whose own torch operations use one thread each.

    torch keeps that number twice, for the calling thread and for future threads. The second is restored
    once all threads have reached the barrier.
    """
    pool = ThreadPoolExecutor(num_threads, thread_name_prefix="nas-pieces")
    barrier = Barrier(num_threads)

    def become_single() -> None:
        torch.set_num_threads(1)
        barrier.wait()

    for started in [pool.submit(become_single) for _ in range(num_threads)]:
        started.result()
    torch.set_num_threads(num_threads)
    return pool


def _run(task: Callable[[], T]) -> T:
    with torch.no_grad():  # the mode is local to each thread
        return task()
