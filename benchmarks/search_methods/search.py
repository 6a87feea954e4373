"""What one search chose as it went, and what its choices had reached at what cost."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

Curve = list[tuple[float, float]]
"""(training FLOPs, share of the true hypervolume) after every training."""
Worth = Callable[[Sequence[str]], float]
"""What chosen patterns are worth, as a share of the true hypervolume."""


@dataclass(frozen=True)
class Chosen:
    """What a search would put on its front at one moment.

    Args:
        flops: training FLOPs spent so far.
        ids: of the patterns.
    """

    flops: float
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Search:
    """What one search came to.

    Args:
        moments: what it chose, after every training.
        tau: Kendall's tau-b between its final ranking of the patterns that it has trained and the truth.
        cpu_seconds: processor time of everything but training: asks, forecasts, promotions.
    """

    moments: tuple[Chosen, ...]
    tau: float | None
    cpu_seconds: float = field(default=0.0, compare=False)

    @property
    def num_chosen(self) -> tuple[int, ...]:
        """Patterns chosen, after every training: whoever chooses all is worth everything."""
        return tuple(len(moment.ids) for moment in self.moments)

    def curve(self, worth: Worth) -> Curve:
        """What its choices were worth, as it went."""
        return [(moment.flops, worth(moment.ids)) for moment in self.moments]


def at(curve: Curve, spent: float) -> float:
    """The share that a method has reached when it has spent so much."""
    reached = [share for flops, share in curve if flops <= spent]
    return reached[-1] if reached else 0.0


def cost_of(curve: Curve, share: float) -> float:
    """The least spending after which a method never falls below a share again; infinite if it does not get there."""
    cost = math.inf
    for flops, own in reversed(curve):
        if own < share:
            break
        cost = flops
    return cost


def interval(values: Sequence[float], seed: int = 0) -> tuple[float, float, float]:
    """Mean with a 95% bootstrap interval."""
    return _bootstrapped(values, np.mean, seed)


def median_interval(values: Sequence[float], seed: int = 0) -> tuple[float, float, float]:
    """Median with a 95% bootstrap interval; infinite values stand for what was not reached."""
    return _bootstrapped(values, _median, seed)


def _median(values: object, axis: int | None = None) -> object:
    """The upper one of the two middle values, so that infinite ones cannot be averaged."""
    ordered = np.sort(np.asarray(values, dtype=float), axis=-1)
    return ordered[..., ordered.shape[-1] // 2]


def _bootstrapped(values: Sequence[float], statistic: Callable[..., object], seed: int) -> tuple[float, float, float]:
    draws = np.random.default_rng(seed).choice(np.asarray(values, dtype=float), size=(2000, len(values)))
    low, high = np.quantile(np.asarray(statistic(draws, axis=1)), [0.025, 0.975], method="nearest")
    return float(np.asarray(statistic(np.asarray(values)))), float(low), float(high)
