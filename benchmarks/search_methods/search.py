"""What one search came to, and what it had reached at what cost."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Curve = list[tuple[float, float]]
"""(training FLOPs, share of the true hypervolume) after every training."""


@dataclass(frozen=True)
class Search:
    """What one search came to.

    Args:
        curve: what it chose, as it went.
        tau: Kendall's tau-b between its final ranking of the patterns that it has trained and the truth.
        num_chosen: patterns that it chose, after every training: whoever chooses all is worth everything.
    """

    curve: Curve
    tau: float | None
    num_chosen: tuple[int, ...] = ()


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
    draws = np.random.default_rng(seed).choice(np.asarray(values), size=(2000, len(values))).mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(np.mean(values)), float(low), float(high)
