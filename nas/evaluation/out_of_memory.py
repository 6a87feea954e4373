"""Out-of-memory errors: telling them from other errors, and recovering from them."""

import gc
from collections.abc import Callable
from typing import TypeVar

import torch

T = TypeVar("T")

_CPU_ALLOCATOR = ("can't allocate memory", "not enough memory")
"""Words of torch's CPU allocator in a plain RuntimeError, on Linux and on Windows."""


def unless_out_of_memory(measure: Callable[[], T]) -> T | None:
    """The result of a call; None if it ran out of memory, which is then freed. Any other error is raised."""
    try:
        return measure()
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    # Here the error is gone, and with it the frames that referred to what was being trained.
    gc.collect()  # a trainer and its module refer to each other
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that the device or the machine has no memory left."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _CPU_ALLOCATOR)
