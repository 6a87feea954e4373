"""The file of a table (schema nas.table/1): JSON Lines, append-only.

The first line describes the table. Every other line is a session (machine and versions of the rows below it) or a row,
one training run at one rung. A line that a crash cut short has no newline and is skipped. docs/tables.md lists every
key.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from nas.errors import InputError
from nas.files import TooLongError, read_at_most
from nas.ground_truth.plan import Plan
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.results.codec import DamagedError, check_schema, from_document, from_json
from nas.results.measurement import Outcome
from nas.results.table import SCHEMA, Key, Session, SessionLine, TableHeader, TableRow, TaskFacts

_Settings = TypeVar("_Settings", ProxySettings, TrainingSettings)

MOST_BYTES = 2**28
"""Largest table file, in bytes: several hundred times those that come with nas, and read into memory."""

_SESSION = '{"session":'
"""How the line of a session starts, as `TableWriter` writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The content of a table file.

    Args:
        header: the first line.
        plan: what is to be trained.
        proxy: sizes of the models.
        training: how they were trained; settings that this version does not have are left out.
        sessions: machine, versions and date of every session in which it was built.
        rows: the training runs, in the order in which they ended.
    """

    header: TableHeader
    plan: Plan
    proxy: ProxySettings
    training: TrainingSettings
    sessions: tuple[Session, ...]
    rows: tuple[TableRow, ...]

    @property
    def task(self) -> TaskFacts:
        """The task that was learned."""
        return self.header.task


def read_table(path: Path) -> Table:
    """The table in a file, complete or unfinished. No user code is imported, and no other data is read.

    Raises:
        InputError: the file does not exist or is not a table; the message names the line.
        StudyError: another version of nas wrote it.
    """
    lines = whole_lines(path)
    if not lines:
        raise InputError(str(path), f"must be a table of schema {SCHEMA}", "a file without a complete line")
    with _damage_named(path, 1, f"the first line of a table of schema {SCHEMA}"):
        check_schema(lines[0], SCHEMA, path)
        header = from_json(lines[0], TableHeader)
        plan, proxy, training = Plan.of(header), _proxy(header), _training(header)
    sessions: list[Session] = []
    rows: dict[Key, TableRow] = {}
    for number, line in enumerate(lines[1:], 2):
        with _damage_named(path, number, "a session or a row of the table"):
            if line.startswith(_SESSION):
                sessions.append(from_json(line, SessionLine).session)
                continue
            row = from_json(line, TableRow)
            _check_planned(row, plan, header)
            if row.outcome in (
                Outcome.OUT_OF_MEMORY,
                Outcome.FAILED,
            ):  # not a result: trained again when the build resumes
                continue
            if row.key in rows:
                raise ValueError("a row that occurs twice")
            rows[row.key] = row
    return Table(
        header=header,
        plan=plan,
        proxy=proxy,
        training=training,
        sessions=tuple(sessions),
        rows=tuple(rows.values()),
    )


def whole_lines(path: Path) -> list[str]:
    """The lines of a file that end in a newline.

    Raises:
        InputError: it cannot be read.
    """
    try:
        text = read_at_most(path, MOST_BYTES).decode()
    except TooLongError as error:
        raise InputError(str(path), f"must be a table of at most {MOST_BYTES:,} bytes", error.size) from None
    except OSError as error:
        raise InputError(str(path), "must be a readable table", error.strerror) from None
    except UnicodeDecodeError:
        raise InputError(str(path), f"must be a table of schema {SCHEMA}", "bytes that are not text") from None
    return text.split("\n")[:-1]


def _proxy(header: TableHeader) -> ProxySettings:
    proxy = _known_settings(ProxySettings, header, "proxy", needed=("num_layers", "num_heads", "d_model"))
    for identity, entry in header.patterns.items():
        if (entry.pattern.num_layers, entry.pattern.num_heads) != (proxy.num_layers, proxy.num_heads):
            raise ValueError(f"pattern {identity} has other layers or heads than the proxy")
    return proxy


def _training(header: TableHeader) -> TrainingSettings:
    return _known_settings(TrainingSettings, header, "training", needed=("batch_size", "cooldown_share"))


def _known_settings(kind: type[_Settings], header: TableHeader, name: str, needed: tuple[str, ...]) -> _Settings:
    """The settings that this version has; a table outlives versions that add or drop some."""
    document = header.settings[name]
    if missing := set(needed) - document.keys():
        raise ValueError(f"settings.{name} lacks {min(missing)!r}")
    known = {one.name: document[one.name] for one in fields(kind) if one.name in document}
    try:
        return from_document(known, kind)
    except DamagedError as error:
        # A class that refuses a value names the setting in full (`proxy.num_layers`); a wrong type names only the key.
        place = str(error).removeprefix(f"{name}.")
        raise DamagedError(f"settings.{name}.{place}") from None


def _check_planned(row: TableRow, plan: Plan, header: TableHeader) -> None:
    rungs = (plan.sweep_rung,) if row.sweep else plan.rungs
    planned: tuple[tuple[object, str, Any], ...] = (
        (row.pattern_id, "pattern_id", header.patterns),
        (row.step, "step", rungs),
        (row.seed, "seed", plan.seeds),
        (row.learning_rate, "learning_rate", plan.learning_rates),
    )
    for value, name, allowed in planned:
        if value not in allowed:
            raise ValueError(f"{name} {value!r}, which the first line does not contain")


@contextmanager
def _damage_named(path: Path, number: int, noun: str) -> Iterator[None]:
    """Name the line that could not be read."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        kind = "" if isinstance(error, DamagedError) else f"{type(error).__name__}: "
        came = " ".join(f"{kind}{error}".split())
        raise InputError(f"{path}:{number}", f"must be {noun}", came) from None
