"""The rows of a table that is being built: each is kept once, and the sweep gives the learning rates."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from msgspec import structs

from nas.ground_truth.file import Table, read_table
from nas.ground_truth.row_store import Progress, RowStore
from nas.ground_truth.writer import TableWriter, this_session
from nas.results.measurement import Outcome
from nas.results.table import TableRow
from tests.tiny_table import NUM_ROWS

OpenStore = Callable[..., "Store"]


@dataclass
class Store:
    """A store under test, with what it was made from and what it reported."""

    rows: RowStore
    path: Path
    reported: list[Progress]


@pytest.fixture
def table(whole_tiny: bytes, tmp_path: Path) -> Table:
    """A complete tiny table."""
    path = tmp_path / "whole.jsonl"
    path.write_bytes(whole_tiny)
    return read_table(path)


@pytest.fixture
def open_store(table: Table, tmp_path: Path) -> Iterator[OpenStore]:
    """`open_store(rows=(), name="tiny.jsonl")`: a store on a new file that holds these rows."""
    with ExitStack() as close:

        def store(rows: tuple[TableRow, ...] = (), name: str = "tiny.jsonl") -> Store:
            path, reported = tmp_path / name, list[Progress]()
            writer = close.enter_context(TableWriter(path, table.header, this_session("cpu", 1)))
            for row in rows:
                writer.add(row)
            opened = RowStore(table.plan, table.training, path, writer, reported.append, table.task.unit)
            return Store(opened, path, reported)

        yield store


def test_rows_of_the_file_are_known_and_counted(table: Table, open_store: OpenStore) -> None:
    store = open_store(table.rows[:5])
    assert all(row.key in store.rows for row in table.rows[:5])
    assert not any(row.key in store.rows for row in table.rows[5:])
    (start,) = store.reported
    assert (start.row, start.num_rows, start.total_rows, start.unit) == (None, 5, NUM_ROWS, table.task.unit)
    assert start.steps == sum(row.step for row in table.rows[:5])  # these are of the sweep, each from its first step


def test_a_row_is_appended_once(table: Table, open_store: OpenStore) -> None:
    store = open_store(table.rows[:3])
    row = table.rows[3]
    for _ in range(2):
        store.rows.add(row)
    assert read_table(store.path).rows == table.rows[:4]
    assert [progress.row for progress in store.reported] == [None, row]


def test_steps_under_way_count_until_their_row_has_come(table: Table, open_store: OpenStore) -> None:
    """A higher rung goes on from the branch of the one below, so only what is trained anew counts."""
    rung = max(table.plan.rungs)
    row = next(row for row in table.rows if row.step == rung and not row.sweep)
    store = open_store()
    own = table.plan.steps_of_row(rung, table.training, sweep=False)
    assert 0 < own < rung
    store.rows.progressed(row.key, rung - own)
    store.rows.progressed(row.key, rung - 1)
    store.rows.add(row)
    assert [progress.steps for progress in store.reported] == [0, 0, own - 1, own]


def test_what_a_run_has_when_it_is_first_heard_of_was_found(table: Table, open_store: OpenStore) -> None:
    """Also when its row has come."""
    row = next(row for row in table.rows if row.step > 3)
    store = open_store()
    for step in (2, 3):
        store.rows.progressed(row.key, step)
    store.rows.forget(row.key)
    store.rows.add(row)
    assert [progress.found for progress in store.reported] == [0, 2, 2, 2]


def test_a_run_that_failed_takes_its_steps_with_it(table: Table, open_store: OpenStore) -> None:
    store = open_store()
    store.rows.progressed(table.rows[0].key, 1)
    store.rows.forget(table.rows[0].key)
    store.rows.add(table.rows[1])
    assert [progress.steps for progress in store.reported] == [0, 1, table.rows[1].step]


def test_the_last_row_makes_it_whole_and_all_steps_are_done(table: Table, open_store: OpenStore) -> None:
    store = open_store(table.rows[:-1])
    assert not store.rows.is_whole
    store.rows.add(table.rows[-1])
    assert store.rows.is_whole
    end = store.reported[-1]
    assert (end.num_rows, end.steps) == (end.total_rows, end.total_steps)


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_the_best_rate_of_a_band_is_that_of_the_best_mean(table: Table, open_store: OpenStore, direction: Any) -> None:
    bands = {entry.pattern.id: entry.band for entry in table.plan.entries}
    best = max if direction == "maximize" else min

    def mean(band: int, rate: float) -> float:
        return fmean(
            row.quality
            for row in table.rows
            if row.sweep and bands[row.pattern_id] == band and row.learning_rate == rate and row.quality is not None
        )

    expected = {band: best(table.plan.learning_rates, key=lambda rate: mean(band, rate)) for band in table.plan.bands}
    assert len(set(expected.values())) == 2
    assert open_store(table.rows).rows.best_rates(direction) == expected


def test_a_rate_with_which_a_run_diverged_is_the_worst(table: Table, open_store: OpenStore) -> None:
    best = open_store(table.rows).rows.best_rates("maximize")
    bands = {entry.pattern.id: entry.band for entry in table.plan.entries}

    def edited(row: TableRow) -> TableRow:
        if not row.sweep or row.learning_rate != best[bands[row.pattern_id]]:
            return row
        return structs.replace(row, outcome=Outcome.DIVERGED, quality=None, train_loss=None)

    again = open_store(tuple(map(edited, table.rows)), "again.jsonl")
    assert all(again.rows.best_rates("maximize")[band] != rate for band, rate in best.items())


def test_a_run_has_one_folder_for_all_its_rungs(table: Table, open_store: OpenStore) -> None:
    store = open_store()
    by_folder: dict[Path, set[Any]] = {}
    for row in table.rows:
        by_folder.setdefault(store.rows.folder(row.key), set()).add(
            (row.pattern_id, row.seed, row.learning_rate, row.sweep)
        )
    assert all(len(runs) == 1 for runs in by_folder.values())
    assert len(by_folder) == 4 * 2 + 4 * 2  # sweeps of two rates, and two seeds


def test_checkpoints_are_next_to_the_file_until_they_are_removed(table: Table, open_store: OpenStore) -> None:
    store = open_store()
    folder = store.rows.folder(table.rows[0].key)
    folder.mkdir(parents=True)
    assert folder.parent == store.path.with_name("tiny.jsonl.checkpoints")
    store.rows.clean()
    store.rows.clean()
    assert not folder.parent.exists() and store.path.exists()
