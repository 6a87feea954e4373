"""Out-of-memory errors: telling them from other errors, and recovering from them."""

import gc
from collections.abc import Callable
from typing import TypeVar

import torch

T = TypeVar("T")

_WORDS = (
    "can't allocate memory",  # torch's CPU allocator, on Linux
    "not enough memory",  # the same on Windows
    "CUDA out of memory",
    "CUDA error: out of memory",  # from the driver: torch's allocator was not asked
    "CUBLAS_STATUS_ALLOC_FAILED",  # a workspace did not fit
)
"""Words of a plain RuntimeError that memory has run out."""


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
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _WORDS)
