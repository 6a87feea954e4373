"""One W&B run as plain data: what it should hold, before anyone talks to W&B."""

from dataclasses import asdict, dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of a run.

    Args:
        columns: their names.
        rows: one list a row, in the order of the columns.
    """

    columns: list[str]
    rows: list[list[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """A scatter plot of two columns of a table of the same run.

    Args:
        table: name of the table.
        x: column on the horizontal axis.
        y: column on the vertical axis.
        title: what stands above it.
    """

    table: str
    x: str
    y: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A JSON document kept as an artifact of its own.

    Args:
        name: of the artifact, letters, digits, dashes, dots and underscores.
        type: the artifact's type.
        file: name of its one file.
        document: what is in it.
    """

    name: str
    type: str
    file: str
    document: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one W&B run holds, credentials already taken out.

    Args:
        id: the same for the same trial of the same study, so that recording twice makes one run.
        name: what W&B shows.
        group: the study.
        job_type: trial, baseline or study.
        config: flat, by dotted name.
        history: metrics by step, steps rising.
        summary: single values.
        tables: by name.
        plots: by name.
        artifacts: documents kept besides.
    """

    id: str
    name: str
    group: str
    job_type: str
    config: dict[str, Any]
    history: tuple[tuple[int, Row], ...] = ()
    summary: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    plots: dict[str, Scatter] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON; what `worker.py` reads."""
        return asdict(self)
