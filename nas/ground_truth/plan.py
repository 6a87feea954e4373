"""What a table holds: which patterns, how long, with which seeds and learning rates."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from nas.costs.counting import count_cost
from nas.errors import InputError
from nas.patterns.model import ModelPattern
from nas.proxy.settings import TrainingSettings
from nas.proxy.training.schedule import branch_start, rung_steps
from nas.search.problem import Problem
from nas.search.settings import StudySettings
from nas.space.enumerate import every_pattern
from nas.space.space import Option

BAND_EDGES = (0.25, 0.5)
"""Where density bands meet, as shares of full attention's FLOPs."""
SWEPT_IN_A_BAND = 2
"""Patterns of a band that the learning rates are compared on."""
MOST_SEEDS = 1000
"""From there on the seeds would be those of a table with the next `seed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One pattern of a table.

    Args:
        params: the values that the space was given, by parameter name.
        pattern: what they make.
        band: its density band, from 0.
    """

    params: Mapping[str, Option]
    pattern: ModelPattern
    band: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All trainings of a table.

    Args:
        entries: every pattern of the space; in the order of training where the plan was made, by id where it was read
            from a file.
        rungs: where scores are taken, in optimiser steps, ascending.
        seeds: of weights and data.
        learning_rates: what is compared in every band; the best is taken for it.
        sweep_rung: how long they are compared, in optimiser steps.
    """

    entries: tuple[Entry, ...]
    rungs: tuple[int, ...]
    seeds: tuple[int, ...]
    learning_rates: tuple[float, ...]
    sweep_rung: int

    def swept(self, band: int) -> list[Entry]:
        """The patterns that the learning rates of a band are compared on: its first ones, where the plan was made."""
        return [entry for entry in self.entries if entry.band == band][:SWEPT_IN_A_BAND]

    @property
    def bands(self) -> range:
        """All density bands."""
        return range(len(BAND_EDGES) + 1)

    @property
    def num_rows(self) -> int:
        """Rows of the whole table."""
        num_swept = sum(len(self.swept(band)) for band in self.bands)
        return num_swept * len(self.learning_rates) + len(self.entries) * len(self.seeds) * len(self.rungs)

    def num_steps(self, training: TrainingSettings) -> int:
        """Optimiser steps of the whole table."""
        num_swept = sum(len(self.swept(band)) for band in self.bands)
        sweep = self.steps_of_row(self.sweep_rung, training, sweep=True)
        walk = sum(self.steps_of_row(rung, training, sweep=False) for rung in self.rungs)
        return num_swept * len(self.learning_rates) * sweep + len(self.entries) * len(self.seeds) * walk

    def steps_of_row(self, rung: int, training: TrainingSettings, *, sweep: bool) -> int:
        """Optimiser steps that a row takes: the trunk from where the row before it left it, then the branch.

        Args:
            rung: where the row ends, in optimiser steps.
            training: its cooldown_share decides how long a branch is.
            sweep: a sweep has no row before.
        """
        earlier = [] if sweep else [other for other in self.rungs if other < rung]
        return rung - (branch_start(earlier[-1], training) if earlier else 0)


def make_plan(settings: StudySettings, problem: Problem, num_seeds: int, learning_rates: Sequence[float]) -> Plan:
    """The plan for a space, a task and a proxy.

    The order of training is drawn once for all tables of a space: an unfinished table is a fair sample of the finished
    one.

    Args:
        settings: its training decides the rungs, its seed the first seed.
        problem: what that stands for.
        num_seeds: seeds a pattern, 1 to MOST_SEEDS.
        learning_rates: what is compared in every band, different positive numbers.

    Raises:
        InputError: an argument is out of range, or the space cannot be listed.
    """
    if not 1 <= num_seeds <= MOST_SEEDS:
        raise InputError("seeds", f"must be from 1 to {MOST_SEEDS}", num_seeds)
    check_learning_rates(learning_rates)
    listed = list(every_pattern(problem.sample))
    rungs = rung_steps(settings.training)
    entries = [
        Entry(params=params, pattern=pattern, band=band_of(pattern, problem))
        for params, pattern in random.Random(0).sample(listed, len(listed))
    ]
    return Plan(
        entries=tuple(entries),
        rungs=rungs,
        seeds=tuple(settings.seed * 1000 + index for index in range(num_seeds)),
        learning_rates=tuple(learning_rates),
        sweep_rung=rungs[max(0, len(rungs) - 2)],
    )


def check_learning_rates(rates: Sequence[float]) -> None:
    """Refuse learning rates that cannot be compared.

    Raises:
        InputError: none, one twice, or one that is not positive and finite.
    """
    if not rates or len(set(rates)) < len(rates) or not all(0 < rate < inf for rate in rates):
        raise InputError("learning rates", "must be different numbers above 0, one at least", list(rates))


def band_of(pattern: ModelPattern, problem: Problem) -> int:
    """The density band of a pattern, from 0 for the sparsest."""
    share = count_cost(pattern, problem.target).attention_flops / problem.full_cost.attention_flops
    return sum(share >= edge for edge in BAND_EDGES)


def band_name(band: int) -> str:
    """A band in words: `0.25 to 0.5 of full attention`."""
    if band == 0:
        return f"below {BAND_EDGES[0]:g}"
    return f"{BAND_EDGES[band - 1]:g} " + (f"to {BAND_EDGES[band]:g}" if band < len(BAND_EDGES) else "or more")
