"""One W&B run as plain data, independent of wandb."""

from dataclasses import asdict, dataclass, field
from typing import Any

Row = dict[str, Any]
"""Values by name: numbers, texts, or lists of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of a run.

    Args:
        columns: names of the columns.
        rows: one list per row, in the order of the columns.
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
        title: text above the plot.
    """

    table: str
    x: str
    y: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A JSON document, stored as an artifact.

    Args:
        name: letters, digits, dashes, dots and underscores.
        type: the artifact's type.
        file: name of its only file.
        document: content of the file.
    """

    name: str
    type: str
    file: str
    document: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The content of one W&B run, already without credentials.

    Args:
        id: the same for the same trial of the same study, so that recording it twice yields one run.
        name: the name that W&B shows.
        group: name of the study.
        job_type: trial, baseline or study.
        config: flat, by dotted name.
        history: metrics by step, in ascending order.
        summary: single values.
        tables: by name.
        plots: by name.
        artifacts: further documents.
    """

    id: str
    name: str
    group: str
    job_type: str
    config: Row
    history: tuple[tuple[int, Row], ...] = ()
    summary: Row = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    plots: dict[str, Scatter] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The form that `worker.py` reads, ready for JSON."""
        return asdict(self)
