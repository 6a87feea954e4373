"""A suggester of random values without a study: for tests, documentation and a first look at a space."""

import math
import random
from collections.abc import Hashable, Sequence

from nas.space.checks import check_asked_alike, check_options
from nas.space.space import Option


class RandomSuggester:
    """Draws uniformly at random and remembers what it drew.

    A name that is requested again gets the same value, as in a study.

    Args:
        seed: the same seed and the same questions give the same values, on every machine.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._asked: dict[str, Hashable] = {}
        self.params: dict[str, Option] = {}
        """The values drawn so far, by parameter name."""

    def choice(self, name: str, options: Sequence[Option]) -> Option:
        """One of the options."""
        check_options(name, options)
        check_asked_alike(self._asked, name, tuple(options))
        return self.params.setdefault(name, self._random.choice(options))

    def integer(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """A whole number from low to high, both included; uniform in its logarithm if `log`."""
        check_asked_alike(self._asked, name, (low, high, log))
        if log:
            # Half a unit at each end gives the outermost numbers their full share.
            drawn = round(math.exp(self._random.uniform(math.log(low - 0.5), math.log(high + 0.5))))
        else:
            drawn = self._random.randint(low, high)
        return int(self.params.setdefault(name, min(max(drawn, low), high)))
