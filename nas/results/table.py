"""The lines of a ground-truth table (schema nas.table/1): its header, its sessions and its rows."""

from typing import Any, Final, Literal

from msgspec import structs

from nas.patterns.model import ModelPattern
from nas.results.codec import Value
from nas.results.measurement import LengthQuality, Measurement
from nas.results.trial import Param
from nas.statistics.ranks import Direction

SCHEMA: Final = "nas.table/1"

Key = tuple[str, int, float, int, bool]
"""What identifies a row: pattern, seed, learning rate, rung, and whether it belongs to the sweep."""


class TaskFacts(Value, frozen=True, kw_only=True):
    """The facts about a task that are needed to read a table without the task's data.

    Args:
        unit: unit of its quality.
        direction: minimize or maximize.
        chance: the quality of a model that knows nothing, in its unit.
        num_tokens: sequence length, in tokens.
        vocab_size: entries of the vocabulary.
    """

    unit: str
    direction: Direction
    chance: float
    num_tokens: int
    vocab_size: int


class TableEntry(Value, frozen=True, kw_only=True):
    """One pattern of a table.

    Args:
        params: the values that the space was given, by parameter name.
        pattern: the pattern that they give.
        band: its density band, from 0 for the sparsest.
        baseline: its name, if it is a baseline of the space; params are then empty.
    """

    params: dict[str, Param]
    pattern: ModelPattern
    band: int
    baseline: str | None = None


class TableHeader(Value, frozen=True, kw_only=True):
    """The first line of a table.

    Args:
        settings: of space, task, proxy and training, as plain values; a table outlives versions that add or drop some.
        task: the task that was learned.
        task_fingerprint: hash of the task, its data included.
        corpus_hash: hash of the data alone; None if there is none.
        rungs: where scores are taken, in optimiser steps, ascending.
        seeds: of weights and data, ascending.
        learning_rates: compared in every density band, which is then trained with its best one.
        sweep_rung: how long each is trained for the comparison, in optimiser steps.
        patterns: all patterns of the space, or some and its baselines, by id.
    """

    schema: Literal["nas.table/1"] = SCHEMA
    settings: dict[str, Any]
    task: TaskFacts
    task_fingerprint: str
    corpus_hash: str | None
    rungs: tuple[int, ...]
    seeds: tuple[int, ...]
    learning_rates: tuple[float, ...]
    sweep_rung: int
    patterns: dict[str, TableEntry]


class Session(Value, frozen=True, kw_only=True):
    """The machine and the versions that made the rows below it.

    Args:
        date: when it began, ISO 8601; older tables contain only the day.
        machine: the processor's architecture.
        processor: the processor's name; empty where unknown.
        device: cpu, or the name of the GPU.
        workers: workers that trained in parallel.
        python: version of Python.
        nas: version of this software.
        torch: version of torch.
        lightning: version of Lightning.
    """

    date: str
    machine: str
    processor: str
    device: str
    workers: int
    python: str
    nas: str
    torch: str
    lightning: str


class SessionLine(Value, frozen=True, kw_only=True):
    """The line that starts a session."""

    session: Session


class TableRow(Measurement, frozen=True, kw_only=True):
    """One training run at one rung: a measurement with the id of its pattern.

    Args:
        pattern_id: id of the pattern, whatever the order of its heads.
        sweep: whether it was trained to compare learning rates.
    """

    pattern_id: str
    sweep: bool
    longer: tuple[LengthQuality, ...] = ()

    @classmethod
    def of(cls, pattern_id: str, measurement: Measurement, *, sweep: bool = False) -> "TableRow":
        """The row of a measurement."""
        return cls(**(structs.asdict(measurement) | {"pattern_id": pattern_id, "sweep": sweep}))

    @property
    def measurement(self) -> Measurement:
        """The measurement alone."""
        return Measurement(**{name: getattr(self, name) for name in Measurement.__struct_fields__})

    @property
    def key(self) -> Key:
        """The key of the row, unique in its table."""
        return self.pattern_id, self.seed, self.learning_rate, self.step, self.sweep
