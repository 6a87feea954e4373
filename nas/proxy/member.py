"""A member of a cohort. It needs no torch, so that what passes jobs on need not load it."""

from dataclasses import dataclass

from nas.patterns.model import ModelPattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A pattern trained with one seed and one learning rate.

    Args:
        pattern: layers and heads as the proxy has them.
        seed: draws the initial weights; the data stream is the cohort's and does not depend on it.
        learning_rate: peak of this member's schedule.
    """

    pattern: ModelPattern
    seed: int
    learning_rate: float
