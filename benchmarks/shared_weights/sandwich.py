"""Which patterns shared weights are trained with at a step."""

import random
from dataclasses import dataclass

from nas.errors import InputError
from nas.patterns.model import ModelPattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandwich:
    """Patterns that are trained at every step, and random ones beside them.

    With full attention and the sparsest pattern in `always` it is the sandwich rule: what lies between the two ends
    moves with them. With nothing in `always` it is what the first supernets did.

    Args:
        pool: what random patterns are drawn from, all equally likely.
        num_random: random patterns a step, all different.
        seed: of the draws.
        always: patterns of every step, the teacher of a distillation first.

    Raises:
        InputError: a step would have no pattern, or the pool has too few.

    Source: Yu and Huang 2019 (Universally slimmable networks), section 3.2; Yu et al. 2020 (BigNAS, arXiv 2003.11142).
    """

    pool: tuple[ModelPattern, ...]
    num_random: int
    seed: int
    always: tuple[ModelPattern, ...] = ()

    def __post_init__(self) -> None:
        least = 0 if self.always else 1
        if not least <= self.num_random <= len(self.pool):
            allowed = f"must be {least} to {len(self.pool)}, the patterns of the pool"
            raise InputError("num_random", allowed, self.num_random)

    @property
    def patterns(self) -> tuple[ModelPattern, ...]:
        """All that a step may meet."""
        return (*self.always, *self.pool)

    @property
    def size(self) -> int:
        """Patterns a step: what a step costs, in steps of one pattern."""
        return len(self.always) + self.num_random

    def at(self, step: int) -> tuple[ModelPattern, ...]:
        """The patterns of a step, on every machine the same."""
        draw = random.Random(f"{self.seed} {step}")
        return (*self.always, *draw.sample(self.pool, self.num_random))
