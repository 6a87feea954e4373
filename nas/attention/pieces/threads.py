"""Sequences side by side on a CPU, each worked on by one thread from end to end.

Tiles are small, and letting all threads share every one of their operations makes them meet thousands of times a call.
On idle cores that costs a little; as soon as something else runs on one of them, each meeting waits for the
scheduler (docs/attention.md has figures). Here threads meet once, when their sequences are done.
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
    """What the tasks return, in their order; as many at a time as torch may use threads.

    Args:
        tasks: independent of each other; they must not write to tensors of the caller, which may be in inference mode.
        device: where they compute; on anything but a CPU they simply run in turn.
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

    torch keeps that number twice, for the calling thread and for all to come. The second is put back
    once all threads stand at the barrier.
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
    with torch.no_grad():  # the mode is each thread's own
        return task()
