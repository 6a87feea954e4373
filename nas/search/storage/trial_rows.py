"""The rows of a trial in the tables of Optuna's database.

They are written and read as they are: Optuna's object mapper takes some 50 ms of processor time for a trial, and cannot
change one that has ended. The tests compare with it. A study's own file whose tables are others is replaced
(`own_file.py`), and Optuna refuses a database of another version.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from math import inf, isnan
from typing import Any

from optuna.distributions import distribution_to_json
from optuna.trial import FrozenTrial
from sqlalchemy import Column, Connection, DateTime, Enum, Float, Integer, MetaData, String, Table, Text, select

Row = tuple[Any, ...]

_META = MetaData()
_NUMBERS = ("FINITE", "INF_POS", "INF_NEG")

TRIALS = Table(
    "trials",
    _META,
    Column("trial_id", Integer, primary_key=True),
    Column("number", Integer),
    Column("study_id", Integer),
    Column("state", Enum("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING", name="trialstate")),
    Column("datetime_start", DateTime),
    Column("datetime_complete", DateTime),
)
VALUES = Table(
    "trial_values",
    _META,
    Column("trial_id", Integer),
    Column("objective", Integer),
    Column("value", Float(53)),
    Column("value_type", Enum(*_NUMBERS, name="trialvaluetype")),
)
INTERMEDIATE = Table(
    "trial_intermediate_values",
    _META,
    Column("trial_id", Integer),
    Column("step", Integer),
    Column("intermediate_value", Float(53)),
    Column("intermediate_value_type", Enum(*_NUMBERS, "NAN", name="trialintermediatevaluetype")),
)
PARAMS = Table(
    "trial_params",
    _META,
    Column("trial_id", Integer),
    Column("param_name", String),
    Column("param_value", Float(53)),
    Column("distribution_json", Text),
)
USER_ATTRIBUTES, SYSTEM_ATTRIBUTES = (
    Table(name, _META, Column("trial_id", Integer), Column("key", String), Column("value_json", Text))
    for name in ("trial_user_attributes", "trial_system_attributes")
)
PARTS = (VALUES, INTERMEDIATE, PARAMS, USER_ATTRIBUTES, SYSTEM_ATTRIBUTES)
"""Tables with rows for each trial."""


@dataclass(frozen=True, slots=True)
class TrialRows:
    """All that is kept of a trial, but its number.

    Args:
        state: name of its state in Optuna.
        tables: its rows without the trial's id, in order, by the names of PARTS.
        started: when it was proposed, in UTC without a zone, as Optuna keeps it; two trials that differ in their times
            alone are equal.
        ended: when it ended, likewise; None while it has not.
    """

    state: str
    tables: Mapping[str, Sequence[Row]]
    started: datetime | None = field(default=None, compare=False)
    ended: datetime | None = field(default=None, compare=False)

    @property
    def digest(self) -> str:
        """The same for equal rows, and for no others."""
        content = [self.state, *(self.tables[table.name] for table in PARTS)]
        return blake2b(repr(content).encode(), digest_size=16).hexdigest()


def rows_of(trial: FrozenTrial, started: datetime | None = None, ended: datetime | None = None) -> TrialRows:
    """The rows that Optuna would write for a trial."""
    params = ((name, trial.distributions[name], value) for name, value in trial.params.items())
    rows: dict[Table, list[Row]] = {
        VALUES: [(place, *_number(value)) for place, value in enumerate(trial.values or ())],
        INTERMEDIATE: [(step, *_number(value)) for step, value in trial.intermediate_values.items()],
        PARAMS: [
            (name, float(parameter.to_internal_repr(value)), distribution_to_json(parameter))
            for name, parameter, value in params
        ],
        USER_ATTRIBUTES: [(key, json.dumps(value)) for key, value in trial.user_attrs.items()],
        SYSTEM_ATTRIBUTES: [(key, json.dumps(value)) for key, value in trial.system_attrs.items()],
    }
    return TrialRows(trial.state.name, {table.name: sorted(found) for table, found in rows.items()}, started, ended)


def read_rows(connection: Connection, study: int) -> dict[int, TrialRows]:
    """The rows of every trial of a study by its number, without times.

    Raises:
        ValueError: a number occurs twice or is missing.
    """
    own = TRIALS.c.study_id == study
    trials = connection.execute(select(TRIALS.c.trial_id, TRIALS.c.number, TRIALS.c.state).where(own)).all()
    found: dict[int, dict[str, list[Row]]] = {trial: {table.name: [] for table in PARTS} for trial, _, _ in trials}
    for table in PARTS:
        query = select(*table.c).join(TRIALS, TRIALS.c.trial_id == table.c.trial_id).where(own)
        for trial, *row in connection.execute(query):
            found[trial][table.name].append(tuple(row))
    rows = {
        number: TrialRows(state, {name: sorted(part) for name, part in found[trial].items()})
        for trial, number, state in trials
    }
    if len(rows) != len(trials) or None in rows:
        raise ValueError("a trial is there twice")
    return rows


def write_rows(connection: Connection, study: int, trials: Mapping[int, TrialRows]) -> None:
    """Add trials to a study, or replace what is kept of them under the same ids; the caller holds its transaction.

    Args:
        connection: in a transaction that no other writer of this study shares.
        study: its id in the database.
        trials: by number.
    """
    own = (TRIALS.c.study_id == study) & TRIALS.c.number.in_(trials)
    known = {
        number: trial for trial, number in connection.execute(select(TRIALS.c.trial_id, TRIALS.c.number).where(own))
    }
    if known:
        for table in PARTS:
            connection.execute(table.delete().where(table.c.trial_id.in_(known.values())))
    parts: dict[Table, list[dict[str, Any]]] = {table: [] for table in PARTS}
    for number, rows in sorted(trials.items()):  # Optuna lists trials by their ids
        values = {"state": rows.state, "datetime_start": rows.started, "datetime_complete": rows.ended}
        if number in known:
            connection.execute(TRIALS.update().where(TRIALS.c.trial_id == known[number]).values(values))
        else:
            new = TRIALS.insert().values(number=number, study_id=study, **values)
            known[number] = connection.execute(new).inserted_primary_key[0]  # type: ignore[index]
        for table in PARTS:
            names = [column.name for column in table.c]
            parts[table] += [dict(zip(names, (known[number], *row), strict=True)) for row in rows.tables[table.name]]
    for table, wanted in parts.items():
        if wanted:
            connection.execute(table.insert(), wanted)


def forget_rows(connection: Connection, study: int, first: int) -> None:
    """Delete the trials of a study from a number on."""
    own = (TRIALS.c.study_id == study) & (TRIALS.c.number >= first)
    for table in PARTS:
        connection.execute(table.delete().where(table.c.trial_id.in_(select(TRIALS.c.trial_id).where(own))))
    connection.execute(TRIALS.delete().where(own))


def _number(value: float) -> Row:
    if value in (inf, -inf):
        return None, "INF_POS" if value > 0 else "INF_NEG"
    return (None, "NAN") if isnan(value) else (float(value), "FINITE")
