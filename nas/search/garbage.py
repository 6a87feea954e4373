"""The garbage collector while a driver runs: a setting of the whole process, so it is made in one place."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

NEW_OBJECTS = 10_000
"""So many more containers than were freed make the collector look at the new ones; Python's own number is 700."""


@contextmanager
def collected_seldom() -> Iterator[None]:
    """Have the collector look for cycles more seldom in a block.

    A study is a heap of values that refer to no value that refers to them: what is no longer needed of it is freed at
    once. The collector looked through the files of a resumed study again and again, and found nothing.
    """
    before = gc.get_threshold()
    gc.set_threshold(NEW_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
