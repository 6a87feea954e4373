"""Rows written directly are those that Optuna writes, and Optuna reads them as the same trials."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from math import inf
from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from nas.search.storage.trial_rows import insert, read_rows, rows_of

KINDS = ("window", "full", 3, True, None)
DISTRIBUTIONS = {
    "width": IntDistribution(0, 9),
    "steps": IntDistribution(1, 64, log=True),
    "kind": CategoricalDistribution(KINDS),
}
attributes = st.dictionaries(st.sampled_from(["a", "b b", "ü"]), st.sampled_from([None, 1, 0.1, "x", [1, [2]], {}]))
number = st.floats(-1e9, 1e9) | st.sampled_from([inf, -inf, 0.1])


@st.composite
def trials(draw: st.DrawFn) -> FrozenTrial:
    names = draw(st.lists(st.sampled_from(sorted(DISTRIBUTIONS)), unique=True))
    options = {
        "width": st.integers(0, 9),
        "steps": st.integers(1, 64),
        "kind": st.sampled_from(KINDS),
    }
    ended = draw(st.booleans())
    more: dict[str, Any] = {"constraints": {"flops": draw(number)}} if draw(st.booleans()) else {}
    return create_trial(
        state=TrialState.COMPLETE if ended else TrialState.PRUNED,
        values=[draw(number), draw(number)] if ended else None,
        params={name: draw(options[name]) for name in names},
        distributions={name: DISTRIBUTIONS[name] for name in names},
        user_attrs=draw(attributes),
        system_attrs=draw(attributes),
        **more,
    )


@contextmanager
def study_in(path: Path) -> Iterator[tuple[optuna.Study, sqlite3.Connection]]:
    """A new study of two objectives, through Optuna and directly."""
    path.unlink(missing_ok=True)
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    study = optuna.create_study(storage=storage, directions=["minimize", "maximize"])
    with closing(sqlite3.connect(path)) as connection:
        yield study, connection
    storage.remove_session()
    storage.engine.dispose()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows")


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.lists(trials(), max_size=3))
def test_rows_are_those_of_optuna(folder: Path, made: list[FrozenTrial]) -> None:
    with study_in(folder / "theirs.db") as (study, connection):
        study.add_trials(made)
        assert read_rows(connection) == [rows_of(trial) for trial in made]


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.lists(trials(), max_size=3))
def test_optuna_reads_the_trials_that_were_inserted(folder: Path, made: list[FrozenTrial]) -> None:
    with study_in(folder / "ours.db") as (study, connection):
        insert(connection, made[:1], 0)
        insert(connection, made[1:], 1)
        assert read_rows(connection) == [rows_of(trial) for trial in made]
        for place, (read, trial) in enumerate(zip(study.get_trials(), made, strict=True)):
            assert read.number == place
            for name in ("state", "values", "params", "distributions", "user_attrs", "system_attrs", "constraints"):
                assert getattr(read, name) == getattr(trial, name), name
            assert (read.datetime_start, read.datetime_complete) == (trial.datetime_start, trial.datetime_complete)
