"""Comparisons of two entries of a front: by how much one is better, and how surely."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import erf, hypot, sqrt

from nas.report.objective_labels import best_first
from nas.results.front import FrontEntry
from nas.results.objective import Objective

SURE = 0.95
"""Two qualities are told apart if one is better with this probability or more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One entry against another in one quality.

    Args:
        objective: the quality.
        gain: by how much the first is better, in its unit; negative if it is worse.
        deviation: standard deviation of the gain, in that unit, if the noise of the two is independent; None if it is
            unknown.
    """

    objective: Objective
    gain: float
    deviation: float | None

    @classmethod
    def of(cls, first: FrontEntry, second: FrontEntry, objective: Objective) -> "Comparison":
        """Of two entries that have values."""
        gain = objective.sign * (second.worth(objective.name) - first.worth(objective.name))
        deviations = [deviation(entry, objective.name) for entry in (first, second)]
        known = [one for one in deviations if one is not None]
        return cls(objective=objective, gain=gain, deviation=hypot(*known) if len(known) == 2 else None)

    @property
    def probability(self) -> float | None:
        """The probability that the first is better, given the noise; None if that is unknown, or there is none."""
        return (1 + erf(self.gain / self.deviation / sqrt(2))) / 2 if self.deviation else None

    @property
    def is_told_apart(self) -> bool:
        """Whether the noise leaves it sure which of the two is better; True where no noise is known."""
        return self.probability is None or not 1 - SURE < self.probability < SURE


def deviation(entry: FrontEntry, objective: str) -> float | None:
    """Standard deviation of the estimate of an entry's quality; None if it is unknown or there is no estimate."""
    return entry.estimates[objective].standard_deviation if objective in entry.estimates else None


def indistinguishable(entries: Sequence[FrontEntry], objective: Objective) -> list[tuple[FrontEntry, FrontEntry]]:
    """Neighbours in a quality whose order the noise leaves open, better first."""
    ranked = best_first(entries, objective)
    return [pair for pair in pairwise(ranked) if not Comparison.of(*pair, objective).is_told_apart]


def beaten(first: FrontEntry, second: FrontEntry, objectives: Sequence[Objective]) -> bool:
    """Whether the first is no worse in any objective, and better in one."""
    gains = [one.sign * (second.worth(one.name) - first.worth(one.name)) for one in objectives]
    return min(gains) >= 0 and max(gains) > 0
