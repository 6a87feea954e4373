"""When trainings end, counted in optimiser steps instead of seconds.

Halving waits for nobody: whoever is free goes on with what is known. What is known must not depend on which worker
happened to be quick, or a study could not be repeated. So who is free is decided by steps: every training takes as
long as its steps, and the driver waits for the one that ends next by that count, even if another has ended already.
Workers of equal speed lose next to nothing.
"""

from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class VirtualClock(Generic[T]):
    """A fixed number of lanes, each with at most one thing under way.

    Args:
        num_lanes: how many things may be under way at once.
    """

    num_lanes: int
    _now: int = 0
    _order: int = 0
    _under_way: list[tuple[int, int, T]] = field(default_factory=list)

    @property
    def has_room(self) -> bool:
        """Whether a lane is free."""
        return len(self._under_way) < self.num_lanes

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._under_way

    def start(self, thing: T, steps: int) -> None:
        """Begin something that takes so many steps from now."""
        assert self.has_room
        heappush(self._under_way, (self._now + steps, self._order, thing))
        self._order += 1

    def next_end(self) -> T:
        """Go to the moment when the next thing ends; of two at the same moment, the one begun first."""
        self._now, _, thing = heappop(self._under_way)
        return thing
