"""The file of a table (schema nas.table/1): JSON Lines that only grow.

The first line says what the table is. Every other line is a session (machine and versions of the rows below it) or a
row, one training at one rung. A line that a crash cut short has no end, and is passed over. docs/tables.md has every
key.
"""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from nas.errors import InputError
from nas.ground_truth.plan import BAND_EDGES, Entry, Plan, check_learning_rates
from nas.ground_truth.row import Key, Row
from nas.ground_truth.task_facts import TaskFacts
from nas.patterns.file import parse_pattern
from nas.patterns.model import ModelPattern
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.results.measurement import Outcome
from nas.space.option_types import describe, fits

SCHEMA = "nas.table/1"

_Settings = TypeVar("_Settings", ProxySettings, TrainingSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All that a file says.

    Args:
        header: its first line as it stands: settings, hashes of task and corpus, and the plan as plain data.
        plan: what is to be trained.
        task: what was learnt.
        proxy: sizes of the models.
        training: how they were trained; settings that this version does not know are left out.
        sessions: machine, versions and date of every time that it was built at.
        rows: what was trained, in the order of ending.
    """

    header: Mapping[str, Any]
    plan: Plan
    task: TaskFacts
    proxy: ProxySettings
    training: TrainingSettings
    sessions: tuple[Mapping[str, Any], ...]
    rows: tuple[Row, ...]


def header_of(
    settings: Mapping[str, Any], task: TaskFacts, task_fingerprint: str, corpus_hash: str | None, plan: Plan
) -> dict[str, Any]:
    """The first line of a table.

    Args:
        settings: of space, task, proxy and training, as plain values.
        task: what is learnt.
        task_fingerprint: of the task, its data included.
        corpus_hash: of the data alone; None if there is none.
        plan: what is to be trained.
    """
    return {
        "schema": SCHEMA,
        "settings": dict(settings),
        "task": task.to_dict(),
        "task_fingerprint": task_fingerprint,
        "corpus_hash": corpus_hash,
        "rungs": list(plan.rungs),
        "seeds": list(plan.seeds),
        "learning_rates": list(plan.learning_rates),
        "sweep_rung": plan.sweep_rung,
        "patterns": {
            entry.pattern.id: {"params": dict(entry.params), "band": entry.band, "pattern": entry.pattern.to_dict()}
            for entry in plan.entries
        },
    }


def read_table(path: Path) -> Table:
    """The table in a file, whole or under way. Nothing is imported and no data is read but the file.

    Raises:
        InputError: there is no such file, or it is no table; the message names the line.
    """
    lines = whole_lines(path)
    if not lines:
        raise InputError(str(path), f"must be a table of schema {SCHEMA}", "a file without a whole line")
    with _damage_named(path, 1, f"the first line of a table of schema {SCHEMA}"):
        table = _read_header(_parse(lines[0]))
    known = {entry.pattern.id for entry in table.plan.entries}
    sessions: list[Mapping[str, Any]] = []
    rows: dict[Key, Row] = {}
    for number, line in enumerate(lines[1:], 2):
        with _damage_named(path, number, "a session or a row of the table"):
            document = _parse(line)
            if "session" in document:
                sessions.append(dict(document["session"]))
                continue
            row = Row.from_dict(document)
            _check_planned(row, table.plan, known)
            if row.measurement.outcome is Outcome.OUT_OF_MEMORY:  # no result, and tried again when the table goes on
                continue
            if row.key in rows:
                raise ValueError("a row that stands above already")
            rows[row.key] = row
    return Table(
        header=table.header,
        plan=table.plan,
        task=table.task,
        proxy=table.proxy,
        training=table.training,
        sessions=tuple(sessions),
        rows=tuple(rows.values()),
    )


def whole_lines(path: Path) -> list[str]:
    """The lines of a file that have an end.

    Raises:
        InputError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(str(path), "must be a table that can be read", error.strerror) from None
    except UnicodeDecodeError:
        raise InputError(str(path), f"must be a table of schema {SCHEMA}", "bytes that are no text") from None
    return text.split("\n")[:-1]


def _parse(line: str) -> dict[str, Any]:
    document = json.loads(line)
    if not isinstance(document, dict):
        raise ValueError("no JSON object")
    return document


def _read_header(header: Mapping[str, Any]) -> Table:
    if header["schema"] != SCHEMA:
        raise ValueError(f"the schema {header['schema']!r}")
    plan = Plan(
        entries=tuple(_read_entry(identity, entry) for identity, entry in header["patterns"].items()),
        rungs=tuple(_rising(header, "rungs")),
        seeds=tuple(_rising(header, "seeds")),
        learning_rates=tuple(_told(header, "learning_rates", list[float])),
        sweep_rung=_told(header, "sweep_rung", int),
    )
    if not plan.entries:
        raise ValueError("no patterns")
    check_learning_rates(plan.learning_rates)
    if plan.sweep_rung not in plan.rungs:
        raise ValueError(f"sweep_rung must be one of the rungs, got {plan.sweep_rung}")
    proxy = _read_settings(ProxySettings, header["settings"]["proxy"], needed=("num_layers", "num_heads", "d_model"))
    for entry in plan.entries:
        if (entry.pattern.num_layers, entry.pattern.num_heads) != (proxy.num_layers, proxy.num_heads):
            raise ValueError(f"pattern {entry.pattern.id} has other layers or heads than the proxy")
    return Table(
        header=header,
        plan=plan,
        task=TaskFacts.from_dict(header["task"]),
        proxy=proxy,
        training=_read_settings(
            TrainingSettings, header["settings"]["training"], needed=("batch_size", "cooldown_share")
        ),
        sessions=(),
        rows=(),
    )


def _read_entry(identity: str, entry: Mapping[str, Any]) -> Entry:
    pattern: ModelPattern = parse_pattern(entry["pattern"])
    if pattern.id != identity:
        raise ValueError(f"pattern {identity} has the id {pattern.id}")
    band: int = _told(entry, "band", int)
    if band not in range(len(BAND_EDGES) + 1):
        raise ValueError(f"pattern {identity} has the band {band}")
    return Entry(params=dict(entry["params"]), band=band, pattern=pattern)


def _read_settings(kind: type[_Settings], document: Mapping[str, Any], needed: tuple[str, ...]) -> _Settings:
    """The settings that are known here; a version may add or drop some, and a table outlives it."""
    hints = get_type_hints(kind)
    present = {field.name for field in fields(kind) if field.name in document} | set(needed)
    return kind(**{name: _told(document, name, hints[name]) for name in present})


def _rising(document: Mapping[str, Any], key: str) -> list[int]:
    numbers: list[int] = _told(document, key, list[int])
    if not numbers or numbers != sorted(set(numbers)) or numbers[0] < 0:
        raise ValueError(f"{key} must rise, got {numbers!r}")
    return numbers


def _told(document: Mapping[str, Any], key: str, hint: Any) -> Any:
    """A value of its type; numbers are finite."""
    value = document[key]
    numbers = value if isinstance(value, list) else [value]
    if not fits(value, hint) or not all(math.isfinite(number) for number in numbers if isinstance(number, float)):
        raise ValueError(f"{key} must be {describe(hint)}, got {value!r}")
    return value


def _check_planned(row: Row, plan: Plan, known: set[str]) -> None:
    measured = row.measurement
    rungs = (plan.sweep_rung,) if row.sweep else plan.rungs
    planned = (
        (row.pattern_id, "pattern_id", known),
        (measured.step, "step", rungs),
        (measured.seed, "seed", plan.seeds),
        (measured.learning_rate, "learning_rate", plan.learning_rates),
    )
    for value, name, allowed in planned:
        if value not in allowed:
            raise ValueError(f"{name} {value!r}, which the first line does not name")


@contextmanager
def _damage_named(path: Path, number: int, noun: str) -> Iterator[None]:
    """Say which line it was that nobody could make sense of."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        came = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(f"{path}:{number}", f"must be {noun}", came) from None
