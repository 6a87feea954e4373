"""Telling a full memory from a fault."""

import gc

import torch

_CPU_ALLOCATOR = ("can't allocate memory", "not enough memory")
"""What torch's CPU allocator says in a plain RuntimeError, on Linux and on Windows."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the device or the machine has no memory left."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _CPU_ALLOCATOR)


def free_memory() -> None:
    """Give back what a failed training still holds; a trainer and its module refer to each other."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
