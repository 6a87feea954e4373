"""One W&B run as plain data, independent of wandb."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Row = dict[str, Any]
"""Values by name: numbers, texts, or lists of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture, in a cell of a table or on its own.

    Args:
        png: the bytes of a PNG file, in Base64.
    """

    png: str

    @classmethod
    def of(cls, content: bytes) -> "Picture":
        """The picture with this content of a PNG file."""
        return cls(png=b64encode(content).decode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of a run.

    Args:
        columns: names of the columns.
        rows: one list per row, in the order of the columns; a cell may be a `Picture`.
    """

    columns: list[str]
    rows: list[list[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A chart of columns of a table of the same run, drawn with one of W&B's own presets.

    Args:
        kind: points, bars (x names them), or a line for each value of the column `line`.
        table: name of the table.
        x: column on the horizontal axis.
        y: column on the vertical axis.
        title: text above the chart.
        line: column that tells lines apart; empty for other kinds.
    """

    kind: Literal["scatter", "bar", "lines"]
    table: str
    x: str
    y: str
    title: str
    line: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """Files, stored as an artifact.

    Args:
        name: letters, digits, dashes, dots and underscores.
        type: the artifact's type.
        files: the bytes of each file in Base64, by its name.
    """

    name: str
    type: str
    files: dict[str, str]

    @classmethod
    def of(cls, name: str, type_name: str, files: Mapping[str, bytes]) -> "Artifact":
        """The artifact with these files."""
        return cls(name=name, type=type_name, files={file: b64encode(one).decode() for file, one in files.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The content of one W&B run, already without credentials.

    Args:
        id: the same for the same trial of the same study, so that recording it twice yields one run.
        name: the name that W&B shows.
        group: name of the study.
        job_type: trial, baseline or study.
        config: nested by name.
        history: metrics by step, in ascending order.
        summary: single values.
        tags: words by which runs are filtered.
        tables: by name.
        plots: by name.
        pictures: by name.
        artifacts: further files.
    """

    id: str
    name: str
    group: str
    job_type: str
    config: Row
    history: tuple[tuple[int, Row], ...] = ()
    summary: Row = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    tables: dict[str, Table] = field(default_factory=dict)
    plots: dict[str, Plot] = field(default_factory=dict)
    pictures: dict[str, Picture] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The form that `worker.py` reads, ready for JSON."""
        return asdict(self)
