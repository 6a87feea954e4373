"""Telling a full memory from a fault, and getting over it."""

import gc
from collections.abc import Callable
from typing import TypeVar

import torch

T = TypeVar("T")

_CPU_ALLOCATOR = ("can't allocate memory", "not enough memory")
"""What torch's CPU allocator says in a plain RuntimeError, on Linux and on Windows."""


def unless_out_of_memory(measure: Callable[[], T]) -> T | None:
    """What a call returns; None where memory ran out, which is freed again. Any other error is raised."""
    try:
        return measure()
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    # Out here the error is gone, and with it the frames that held what was being trained.
    gc.collect()  # a trainer and its module refer to each other
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the device or the machine has no memory left."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _CPU_ALLOCATOR)
