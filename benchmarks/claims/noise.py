"""The noise of a table's training runs, and how exact a difference of means is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scipy.special import stdtrit

from nas.statistics.rank_agreement import Interval, pooled_deviation

CONFIDENCE = 0.95
"""Share of intervals that hold the truth."""


@dataclass(frozen=True, slots=True)
class Noise:
    """What runs of one pattern with different seeds scatter by, taken to be the same for all patterns of a table.

    With two seeds, a pattern says next to nothing about its own noise; all patterns together say enough. What a seed
    does to all patterns alike is counted as noise too, though it cancels in a difference: intervals are a little wide.

    Args:
        deviation: standard deviation of one run, in the unit of the quality.
        num_degrees: degrees of freedom: runs less patterns.
    """

    deviation: float
    num_degrees: int

    @classmethod
    def of(cls, groups: Iterable[Sequence[float]]) -> "Noise | None":
        """Pooled over patterns.

        Args:
            groups: the qualities of each pattern's runs.

        Returns:
            None if no pattern has two runs.
        """
        groups = list(groups)
        deviation = pooled_deviation(groups)
        return None if deviation is None else cls(deviation, sum(len(group) - 1 for group in groups if group))

    def interval(self, mean: float, *num_runs: int) -> Interval:
        """The interval of a mean (one number of runs), or of a difference of two means (two numbers)."""
        half = self._quantile * self.deviation * sum(1 / count for count in num_runs) ** 0.5
        return Interval(mean - half, mean + half)

    @property
    def margin(self) -> float:
        """What two runs of one pattern differ by at most, in CONFIDENCE of all cases."""
        return self._quantile * self.deviation * 2**0.5

    @property
    def _quantile(self) -> float:
        return float(stdtrit(self.num_degrees, (1 + CONFIDENCE) / 2))
