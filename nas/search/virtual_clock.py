"""A clock that counts optimiser steps instead of seconds.

Halving is asynchronous: a free worker continues with what is known. What is known must not depend on which worker
happened to be fast, or a study could not be repeated. So steps decide which worker is free: every training run takes
as long as its steps, and the driver waits for the run that ends next by that count, even if another has ended already.
Workers of equal speed lose next to nothing.
"""

from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class VirtualClock(Generic[T]):
    """A fixed number of lanes, each running at most one thing.

    Args:
        num_lanes: how many things may run at once.
    """

    num_lanes: int
    _now: int = 0
    _order: int = 0
    _under_way: list[tuple[int, int, T]] = field(default_factory=list)

    @property
    def num_free(self) -> int:
        """Lanes that are free."""
        return self.num_lanes - len(self._under_way)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is running."""
        return not self._under_way

    def start(self, thing: T, steps: int) -> None:
        """Begin something that takes `steps` from now."""
        assert self.num_free
        heappush(self._under_way, (self._now + steps, self._order, thing))
        self._order += 1

    def next_end(self) -> T:
        """Advance to the next end and return what ends then; of two that end at once, the one begun first."""
        self._now, _, thing = heappop(self._under_way)
        return thing
