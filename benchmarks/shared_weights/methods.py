"""One way of scoring patterns, and what it costs."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Method:
    """One way of scoring patterns.

    Args:
        name: for the report.
        once: what all patterns pay together, in optimiser steps of one pattern.
        each: what a pattern pays, in optimiser steps.
        scores: lower is better, shape (seeds, patterns).
        short: whether it is a plain short run, with which the others are compared.
        long_runs: long runs that scores are calibrated on; 0 for none.
    """

    name: str
    once: int
    each: int
    scores: Numbers
    short: bool = False
    long_runs: int = 0

    def cost(self, num_patterns: int, long_steps: int) -> float:
        """Steps a pattern in a study of some patterns."""
        return (self.once + self.long_runs * long_steps) / num_patterns + self.each


def added(short: Method, other: Method) -> Method:
    """The sum of two methods' standardised scores: short runs favour narrow windows, the others wide ones."""
    scores = [standardised(one) + standardised(two) for one, two in product(short.scores, other.scores)]
    return Method(
        name=f"{short.name} + {other.name}", once=other.once, each=short.each + other.each, scores=np.array(scores)
    )


def standardised(scores: Numbers) -> Numbers:
    """Mean 0 and deviation 1, shape (patterns,)."""
    standard: Numbers = (scores - scores.mean()) / scores.std()
    return standard
