"""The rows of a trial in the tables of Optuna's database.

They are written and read as they are: Optuna's object mapper takes some 50 ms of processor time for a trial. The tests
compare with it, and `database.py` leaves alone a file whose tables are others.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isinf
from typing import Any

from optuna.distributions import distribution_to_json
from optuna.trial import FrozenTrial

Row = tuple[Any, ...]

COLUMNS = {
    "trial_values": "objective, value, value_type",
    "trial_params": "param_name, param_value, distribution_json",
    "trial_user_attributes": "key, value_json",
    "trial_system_attributes": "key, value_json",
}
"""Tables with rows for each trial, and the columns that it decides."""


@dataclass(frozen=True, slots=True)
class TrialRows:
    """All that is kept of a trial, but its number and its times.

    Args:
        state: name of its state in Optuna.
        tables: its rows, in order, by the tables of COLUMNS.
    """

    state: str
    tables: Mapping[str, Sequence[Row]]


def rows_of(trial: FrozenTrial) -> TrialRows:
    """The rows that Optuna would write for a trial."""
    params = ((name, trial.distributions[name], value) for name, value in trial.params.items())
    tables: dict[str, list[Row]] = {
        "trial_values": [(place, *_number(value)) for place, value in enumerate(trial.values or ())],
        "trial_params": [
            (name, float(parameter.to_internal_repr(value)), distribution_to_json(parameter))
            for name, parameter, value in params
        ],
        "trial_user_attributes": [(key, json.dumps(value)) for key, value in trial.user_attrs.items()],
        "trial_system_attributes": [(key, json.dumps(value)) for key, value in trial.system_attrs.items()],
    }
    return TrialRows(trial.state.name, {table: sorted(rows) for table, rows in tables.items()})


def read_rows(connection: sqlite3.Connection) -> list[TrialRows]:
    """The rows of every trial of a database, in the order of their numbers."""
    states = connection.execute("SELECT trial_id, state FROM trials ORDER BY number").fetchall()
    found: dict[int, dict[str, list[Row]]] = {trial: {table: [] for table in COLUMNS} for trial, _ in states}
    for table, columns in COLUMNS.items():
        for trial, *row in connection.execute(f"SELECT trial_id, {columns} FROM {table}"):
            found[trial][table].append(tuple(row))
    return [TrialRows(state, {table: sorted(rows) for table, rows in found[trial].items()}) for trial, state in states]


def insert(connection: sqlite3.Connection, trials: Sequence[FrozenTrial], first: int) -> None:
    """Add trials, numbered from `first`, to the one study of a database, in one transaction."""
    with connection:
        for number, trial in enumerate(trials, first):
            rows, times = rows_of(trial), (trial.datetime_start, trial.datetime_complete)
            (own,) = connection.execute(
                "INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete) "
                "SELECT ?, study_id, ?, ?, ? FROM studies RETURNING trial_id",
                (number, rows.state, *(time and time.isoformat(" ", "microseconds") for time in times)),
            ).fetchone()
            for table, columns in COLUMNS.items():
                places = ", ".join("?" for _ in columns.split(", "))
                connection.executemany(
                    f"INSERT INTO {table} (trial_id, {columns}) VALUES (?, {places})",
                    [(own, *row) for row in rows.tables[table]],
                )


def _number(value: float) -> Row:
    if isinf(value):
        return None, "INF_POS" if value > 0 else "INF_NEG"
    return value, "FINITE"
