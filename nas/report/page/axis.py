"""An axis of a chart: where values lie between its two ends, and its ticks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, log, log10

from matplotlib.ticker import MaxNLocator

LOG_RANGE, MOST_LOGGED = 8.0, 1e12
"""Positive values whose largest is between so many times the smallest may be drawn on a logarithmic axis."""
LEAST_LOGGED = 1e-100
"""Smaller values are never on one: their logarithm is that of rounding."""
MARGIN = 0.06
"""Room beyond the outermost values, as a share of the axis."""
LEAST_SPREAD = 1e-9
"""Values that differ by less, as a share of the largest, count as equal: no float in between could be a tick."""
MOST_TICKS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A tick.

    Args:
        place: where, 0 to 1 from the low end.
        text: what is written there.
    """

    place: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """An axis of a chart.

    Args:
        title: what it measures, with its unit.
        low: value at the low end.
        high: value at the high end.
        is_log: whether it is logarithmic.
        suffix: written after every number.
        whole: whether only whole numbers are ticks.
    """

    title: str
    low: float
    high: float
    is_log: bool = False
    suffix: str = ""
    whole: bool = False

    @classmethod
    def over(
        cls, values: Iterable[float], title: str, *, may_be_log: bool = False, suffix: str = "", whole: bool = False
    ) -> "Axis":
        """The axis that holds all of the values, with a little room; any axis if there are none."""
        known = sorted(values) or [0.0, 1.0]
        low, high = known[0], known[-1]
        is_log = may_be_log and low > LEAST_LOGGED and LOG_RANGE < high / low < MOST_LOGGED
        if is_log:
            room = (high / low) ** MARGIN
            low, high = low / room, high * room
        else:
            size = max(abs(low), abs(high))
            spread = high - low if high - low > LEAST_SPREAD * size else size
            room = MARGIN * (spread if spread > LEAST_SPREAD else 1.0)
            low, high = (max(0.0, low - room) if low >= 0 else low - room), high + room
        return cls(title=title, low=low, high=high, is_log=is_log, suffix=suffix, whole=whole)

    def place(self, value: float) -> float:
        """Where a value lies, 0 at the low end and 1 at the high end."""
        if self.is_log:
            return log(max(value, self.low * 1e-9) / self.low) / log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def holds(self, value: float) -> bool:
        """Whether a value lies between the ends."""
        return self.low <= value <= self.high

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """At most MOST_TICKS round values."""
        values = self._log_ticks() if self.is_log else self._even_ticks()
        return tuple(Tick(place=self.place(one), text=f"{one:.6g}{self.suffix}") for one in values)

    def _even_ticks(self) -> list[float]:
        found = MaxNLocator(nbins=MOST_TICKS - 1, integer=self.whole).tick_values(self.low, self.high)
        return [float(value) for value in found if self.holds(float(value))]

    def _log_ticks(self) -> list[float]:
        decades = range(floor(log10(self.low)), floor(log10(self.high)) + 1)
        for steps in ((1, 2, 5), (1, 3), (1,)):
            found = [value for decade in decades for step in steps if self.holds(value := step * 10.0**decade)]
            if len(found) <= MOST_TICKS:
                break
        return _thinned(found)


def _thinned(values: Sequence[float]) -> list[float]:
    """Every second, third and so on, until there are few enough."""
    return list(values[:: max(1, -(-len(values) // MOST_TICKS))])
