"""Rows written directly are those that Optuna writes, and Optuna reads them as the same trials."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from math import inf, isnan, nan
from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial
from sqlalchemy import Connection

from nas.search.storage.trial_rows import forget_rows, read_rows, rows_of, write_rows

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
    state = draw(st.sampled_from([TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.RUNNING]))
    more: dict[str, Any] = {"constraints": {"flops": draw(number)}} if draw(st.booleans()) else {}
    return create_trial(
        state=state,
        values=[draw(number), draw(number)] if state is TrialState.COMPLETE else None,
        params={name: draw(options[name]) for name in names},
        distributions={name: DISTRIBUTIONS[name] for name in names},
        user_attrs=draw(attributes),
        system_attrs=draw(attributes),
        intermediate_values=draw(st.dictionaries(st.integers(0, 1000), number, max_size=3)),
        **more,
    )


@contextmanager
def study_in(path: Path) -> Iterator[tuple[optuna.Study, Connection]]:
    """A new study of two objectives, through Optuna and directly; another one lies before it."""
    path.unlink(missing_ok=True)
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    optuna.create_study(storage=storage, study_name="other").add_trial(create_trial(value=1.0))
    study = optuna.create_study(storage=storage, directions=["minimize", "maximize"])
    with storage.engine.connect() as connection:
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
        assert read_rows(connection, study._study_id) == dict(enumerate(map(rows_of, made)))


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.lists(trials(), max_size=3), st.lists(trials(), max_size=2))
def test_optuna_reads_the_trials_that_were_written_last(
    folder: Path, before: list[FrozenTrial], made: list[FrozenTrial]
) -> None:
    expected = [*made, *before[len(made) :]]
    with study_in(folder / "ours.db") as (study, connection):
        for trials in (before[:1], before, made):
            write_rows(connection, study._study_id, dict(enumerate(map(rows_of, trials))))
            connection.commit()
        assert read_rows(connection, study._study_id) == dict(enumerate(map(rows_of, expected)))
        for place, (read, trial) in enumerate(zip(study.get_trials(), expected, strict=True)):
            assert read.number == place
            for name in ("state", "values", "params", "distributions", "user_attrs", "system_attrs", "constraints"):
                assert getattr(read, name) == getattr(trial, name), name
            assert read.intermediate_values == trial.intermediate_values


def test_a_trial_that_is_replaced_keeps_its_id_and_others_are_left_alone(folder: Path) -> None:
    rows = rows_of(create_trial(values=[1.0, 2.0]))
    with study_in(folder / "ids.db") as (study, connection):
        write_rows(connection, study._study_id, {0: rows, 1: rows, 2: rows})
        write_rows(connection, study._study_id, {1: rows_of(create_trial(state=TrialState.FAIL))})
        connection.commit()
        states = [trial.state for trial in study.get_trials()]
        assert states == [TrialState.COMPLETE, TrialState.FAIL, TrialState.COMPLETE]
        forget_rows(connection, study._study_id, 1)
        connection.commit()
        assert read_rows(connection, study._study_id) == {0: rows}
        assert len(read_rows(connection, study._study_id - 1)) == 1, "the other study's trial"


def test_a_value_that_is_no_number_is_read_as_such(folder: Path) -> None:
    with study_in(folder / "nan.db") as (study, connection):
        trial = create_trial(state=TrialState.RUNNING, intermediate_values={7: nan})
        write_rows(connection, study._study_id, {0: rows_of(trial)})
        connection.commit()
        assert isnan(study.get_trials()[0].intermediate_values[7])


def test_times_are_kept_in_utc_and_decide_nothing(folder: Path) -> None:
    started = datetime(2026, 11, 30, 7, 0, 0)
    rows = rows_of(create_trial(values=[1.0, 2.0]), started, started)
    timeless = rows_of(create_trial(values=[1, 2]))
    assert (rows, rows.digest) == (timeless, timeless.digest)
    with study_in(folder / "times.db") as (study, connection):
        write_rows(connection, study._study_id, {0: rows})
        connection.commit()
        (read,) = study.get_trials()
        assert read.datetime_start == started.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(trials(), trials())
def test_digests_are_equal_for_equal_rows_alone(one: FrozenTrial, other: FrozenTrial) -> None:
    assert (rows_of(one).digest == rows_of(other).digest) == (rows_of(one) == rows_of(other))
