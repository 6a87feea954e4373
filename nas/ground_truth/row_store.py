"""The rows of a table that is being built, and the learning rates that follow from its sweep."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from pathlib import Path
from shutil import rmtree
from statistics import fmean

from nas.ground_truth.file import read_table
from nas.ground_truth.plan import Plan
from nas.ground_truth.writer import TableWriter
from nas.proxy.settings import TrainingSettings
from nas.results.table import Key, TableRow
from nas.statistics.ranks import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How much of a table is built.

    Args:
        row: the newest; None before there is one.
        num_rows: rows in the file.
        total_rows: rows of the complete table.
        steps: optimiser steps of the rows in the file, and those done of the rows that are being trained.
        total_steps: optimiser steps of the complete table.
        found: optimiser steps that training runs had behind them when they were first heard of, of an earlier build:
            they say nothing about the pace.
        unit: of a row's quality.
    """

    row: TableRow | None
    num_rows: int
    total_rows: int
    steps: int
    total_steps: int
    found: int
    unit: str


OnProgress = Callable[[Progress], None]


class RowStore:
    """The rows of a table that is being built.

    Args:
        plan: what is to be trained.
        training: how it is trained.
        path: the table's file.
        writer: appends to the file.
        on_progress: called at the start, as training goes on, and with every new row.
        unit: of a row's quality.
    """

    def __init__(
        self,
        plan: Plan,
        training: TrainingSettings,
        path: Path,
        writer: TableWriter,
        on_progress: OnProgress,
        unit: str,
    ) -> None:
        self.path, self._plan, self._training = path, plan, training
        self._writer, self._on_progress, self._unit = writer, on_progress, unit
        self._rows = {row.key: row for row in read_table(path).rows}
        self._steps_done = sum(self._steps(row.step, sweep=row.sweep) for row in self._rows.values())
        self._under_way: dict[Key, int] = {}
        self._found: dict[Key, int] = {}
        self._newest: TableRow | None = None
        self._report()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to train."""
        return len(self._rows) >= self._plan.num_rows

    def __contains__(self, key: Key) -> bool:
        return key in self._rows

    def add(self, row: TableRow) -> None:
        """Append a row to the file, unless the file has it."""
        if row.key in self._rows:
            return
        self._writer.add(row)
        self._rows[row.key] = self._newest = row
        self._steps_done += self._steps(row.step, sweep=row.sweep)
        self.forget(row.key)
        self._report()

    def progressed(self, key: Key, step: int) -> None:
        """Note that the training run of a row that the file lacks has come to a step."""
        *_, rung, sweep = key
        self._under_way[key] = max(0, self._steps(rung, sweep=sweep) - (rung - step))
        self._found.setdefault(key, self._under_way[key])
        self._report()

    def forget(self, key: Key) -> None:
        """Note that the training run of a row has ended, however it did."""
        self._under_way.pop(key, None)

    def best_rates(self, direction: Direction) -> dict[int, float]:
        """The learning rate of each density band: the one with the best mean quality over the patterns of its sweep."""
        return {
            band: min(self._plan.learning_rates, key=lambda rate: self._swept_loss(band, rate, direction))
            for band in self._plan.bands
        }

    def folder(self, key: Key) -> Path:
        """The folder for the checkpoints of a training run; the same for all its rungs."""
        pattern_id, seed, rate, _, sweep = key
        return self._checkpoints / f"{pattern_id}-{seed}-{rate!r}-{'sweep' if sweep else 'table'}"

    def clean(self) -> None:
        """Remove the checkpoints, which are needed only while building."""
        rmtree(self._checkpoints, ignore_errors=True)

    @property
    def _checkpoints(self) -> Path:
        return self.path.with_name(f"{self.path.name}.checkpoints")

    def _steps(self, rung: int, *, sweep: bool) -> int:
        return self._plan.steps_of_row(rung, self._training, sweep=sweep)

    def _swept_loss(self, band: int, rate: float, direction: Direction) -> float:
        """Mean quality over the patterns of the sweep, signed so that less is better; infinite if a run diverged."""
        seed, rung = self._plan.seeds[0], self._plan.sweep_rung
        rows = [self._rows[entry.pattern.id, seed, rate, rung, True] for entry in self._plan.swept(band)]
        qualities = [row.quality for row in rows]
        sign = 1 if direction == "minimize" else -1
        signed = [inf if quality is None else sign * quality for quality in qualities]
        return fmean(signed) if signed else inf

    def _report(self) -> None:
        self._on_progress(
            Progress(
                row=self._newest,
                num_rows=len(self._rows),
                total_rows=self._plan.num_rows,
                steps=self._steps_done + sum(self._under_way.values()),
                total_steps=self._plan.num_steps(self._training),
                found=sum(self._found.values()),
                unit=self._unit,
            )
        )
