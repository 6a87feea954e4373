"""The plan of a table: its patterns, rungs, seeds and learning rates."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from nas.errors import InputError
from nas.proxy.settings import TrainingSettings
from nas.proxy.training.schedule import branch_start
from nas.results.table import TableEntry, TableHeader

BAND_EDGES = (0.25, 0.5)
"""Boundaries between density bands, as shares of full attention's FLOPs."""
SWEPT_IN_A_BAND = 2
"""Number of patterns per band on which the learning rates are compared."""
MOST_SEEDS = 1000
"""With more, the seeds would overlap with those of a table with the next `seed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All training runs of a table.

    Args:
        entries: every pattern of the space; in the order of training if the plan was just made, by id if it was read
            from a file.
        rungs: where scores are taken, in optimiser steps, ascending.
        seeds: of weights and data.
        learning_rates: compared in every band, which is then trained with its best one.
        sweep_rung: how long each is trained for the comparison, in optimiser steps.
    """

    entries: tuple[TableEntry, ...]
    rungs: tuple[int, ...]
    seeds: tuple[int, ...]
    learning_rates: tuple[float, ...]
    sweep_rung: int

    def swept(self, band: int) -> list[TableEntry]:
        """The patterns that the learning rates of a band are compared on: its first ones, if the plan was just made.

        None if there is a single rate, which needs no comparison.
        """
        if len(self.learning_rates) == 1:
            return []
        return [entry for entry in self.entries if entry.band == band][:SWEPT_IN_A_BAND]

    @classmethod
    def of(cls, header: TableHeader) -> "Plan":
        """The plan in the first line of a table.

        Raises:
            ValueError: it contradicts itself.
        """
        for identity, entry in header.patterns.items():
            if entry.pattern.id != identity:
                raise ValueError(f"pattern {identity} has the id {entry.pattern.id}")
            if entry.band not in range(len(BAND_EDGES) + 1):
                raise ValueError(f"pattern {identity} has the band {entry.band}")
        if not header.patterns:
            raise ValueError("no patterns")
        for name, numbers in (("rungs", header.rungs), ("seeds", header.seeds)):
            if not numbers or list(numbers) != sorted(set(numbers)) or numbers[0] < 0:
                raise ValueError(f"{name} must rise, got {list(numbers)!r}")
        check_learning_rates(header.learning_rates)
        if header.sweep_rung not in header.rungs:
            raise ValueError(f"sweep_rung must be one of the rungs, got {header.sweep_rung}")
        return cls(
            entries=tuple(header.patterns.values()),
            rungs=header.rungs,
            seeds=header.seeds,
            learning_rates=header.learning_rates,
            sweep_rung=header.sweep_rung,
        )

    @property
    def bands(self) -> range:
        """All density bands."""
        return range(len(BAND_EDGES) + 1)

    @property
    def num_rows(self) -> int:
        """Rows of the complete table."""
        num_swept = sum(len(self.swept(band)) for band in self.bands)
        return num_swept * len(self.learning_rates) + len(self.entries) * len(self.seeds) * len(self.rungs)

    def num_steps(self, training: TrainingSettings) -> int:
        """Optimiser steps of the complete table."""
        num_swept = sum(len(self.swept(band)) for band in self.bands)
        sweep = self.steps_of_row(self.sweep_rung, training, sweep=True)
        walk = sum(self.steps_of_row(rung, training, sweep=False) for rung in self.rungs)
        return num_swept * len(self.learning_rates) * sweep + len(self.entries) * len(self.seeds) * walk

    def steps_of_row(self, rung: int, training: TrainingSettings, *, sweep: bool) -> int:
        """Optimiser steps that a row takes: the trunk from where the previous row left it, then the branch.

        Args:
            rung: where the row ends, in optimiser steps.
            training: its cooldown_share determines how long a branch is.
            sweep: whether the row belongs to the sweep, which has no previous row.
        """
        earlier = [] if sweep else [other for other in self.rungs if other < rung]
        return rung - (branch_start(earlier[-1], training) if earlier else 0)


def check_learning_rates(rates: Sequence[float]) -> None:
    """Refuse learning rates that cannot be compared.

    Raises:
        InputError: there are none, two are equal, or one is not positive and finite.
    """
    if not rates or len(set(rates)) < len(rates) or not all(0 < rate < inf for rate in rates):
        raise InputError("learning rates", "must be one or more different numbers above 0", list(rates))


def band_name(band: int) -> str:
    """A band in words: `0.25 to 0.5 of full attention`."""
    if band == 0:
        return f"below {BAND_EDGES[0]:g}"
    return f"{BAND_EDGES[band - 1]:g} " + (f"to {BAND_EDGES[band]:g}" if band < len(BAND_EDGES) else "or more")
