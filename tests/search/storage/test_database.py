"""Optuna's database: every ended trial once and in order, and never a reason to stop."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import optuna
import pytest

from nas.results.observer import Observer
from nas.results.trial import Trial
from nas.search.storage.database import StudyDatabase
from nas.search.storage.study_folder import StudyFolder
from tests.toy_study import FakeExecutor, StartStudy

IN_ANOTHER_PROCESS = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute(sys.argv[2])
connection.execute("SELECT * FROM trials").fetchone()
print("holding", flush=True)
sys.stdin.read()
"""


def open_database(path: Path, name: str = "toy") -> StudyDatabase:
    return StudyDatabase(path, name, ["minimize"])


def trial(value: float) -> optuna.trial.FrozenTrial:
    return optuna.create_trial(
        value=value,
        params={"window": 4},
        distributions={"window": optuna.distributions.IntDistribution(1, 64, log=True)},
        user_attrs={"baseline": None},
        system_attrs={"a tuple": (1, 2)},
        constraints={"flops": 0.1},
    )


def write(path: Path, *values: float, finish: bool = True) -> StudyDatabase:
    database = open_database(path)
    for value in values:
        database.append(trial(value))
    if finish:
        database.finish()
    return database


def values_in(path: Path) -> list[float]:
    """In the order of their trials, read as any process would, which rolls back what a journal holds."""
    with closing(sqlite3.connect(path)) as connection:
        return [value for (value,) in connection.execute("SELECT value FROM trial_values ORDER BY trial_id")]


def run_sql(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(sql)


@contextmanager
def held(path: Path, begin: str) -> Iterator[None]:
    """Another process has a transaction open on the file."""
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS, str(path), begin]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "holding\n"
        yield
        other.stdin.close()


@pytest.fixture(autouse=True)
def quiet_optuna() -> Iterator[None]:
    """As in a study: its messages are not those that are counted here."""
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(verbosity)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.db"


def test_optuna_reads_every_trial_in_order(path: Path) -> None:
    write(path, 1.0, 2.0)
    first, second = optuna.load_study(study_name="toy", storage=f"sqlite:///{path}").trials
    assert (first.number, first.value, second.number, second.value) == (0, 1.0, 1, 2.0)
    assert (first.params, first.user_attrs, first.constraints) == ({"window": 4}, {"baseline": None}, {"flops": 0.1})


@pytest.mark.parametrize("finished", [True, False])
def test_a_database_that_is_opened_again_takes_only_what_it_lacks(path: Path, finished: bool) -> None:
    write(path, 1.0, 2.0, finish=finished)
    same_file = path.stat().st_ino
    again = open_database(path, "renamed")  # as a folder may be between two runs
    for value in (1.0, 2.0, 3.0):
        again.append(trial(value))
    again.finish()
    assert values_in(path) == [1.0, 2.0, 3.0]
    assert path.stat().st_ino == same_file, "a dashboard that has it open sees the new trials"


def test_a_trial_that_became_another_replaces_the_file(path: Path) -> None:
    write(path, 1.0, 2.0, 3.0)
    write(path, 1.0, 9.0, 3.0)
    assert values_in(path) == [1.0, 9.0, 3.0]


def test_a_study_that_ends_with_fewer_trials_replaces_the_file(path: Path) -> None:
    write(path, 1.0, 2.0, 3.0)
    stopped = write(path, 1.0, 2.0, finish=False)
    assert values_in(path) == [1.0, 2.0, 3.0], "before it ends, the others may still come"
    stopped.finish()
    assert values_in(path) == [1.0, 2.0]


@pytest.mark.parametrize("begin", ["BEGIN EXCLUSIVE", "BEGIN"])
def test_another_process_that_holds_the_file_is_waited_for_once(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, begin: str
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail("Optuna tries again"))
    database = write(path, 1.0, finish=False)
    with held(path, begin):
        database.append(trial(2.0))
        database.append(trial(3.0))
        (warning,) = caplog.messages
        assert warning == (
            f"{path}: Optuna's view of the study cannot be written (database is locked). The study continues without "
            "it, and writes it anew when it ends or is resumed."
        )
        with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as reader:
            assert reader.execute("SELECT count(*) FROM trials").fetchone() == (1,)
        database.finish()
        assert values_in(path) == [1.0, 2.0, 3.0], "the other process has the old file, and this is a new one"
    assert len(caplog.messages) == 1


def test_a_file_that_is_held_at_the_start_is_replaced(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(path, 1.0)
    with held(path, "BEGIN EXCLUSIVE"):
        write(path, 1.0, 2.0)
        assert values_in(path) == [1.0, 2.0]
    assert caplog.messages == []


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE notes (text TEXT)",
        f"DROP TABLE version_info; CREATE VIEW version_info AS {ENDLESS}",
        f"CREATE TRIGGER t AFTER INSERT ON trials BEGIN SELECT count(*) FROM ({ENDLESS}); END",
        "UPDATE version_info SET schema_version = 1",
        "DELETE FROM studies",
        "UPDATE study_directions SET direction = 'MAXIMIZE'",
        "UPDATE trial_params SET param_value = 5",
    ],
)
def test_a_database_of_something_else_is_replaced(path: Path, caplog: pytest.LogCaptureFixture, sql: str) -> None:
    write(path, 1.0)
    run_sql(path, sql)
    write(path, 1.0, 2.0)
    assert values_in(path) == [1.0, 2.0]
    assert caplog.messages == []


@pytest.mark.parametrize("content", [b"", b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_replaced(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    write(path, 1.0)
    assert values_in(path) == [1.0]


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_link_is_replaced_and_its_target_is_kept(path: Path, link: Callable[[Path, Path], None]) -> None:
    target = path.with_name("mine.db")
    write(target, 7.0)
    before = target.read_bytes()
    link(target, path)
    write(path, 1.0)
    assert target.read_bytes() == before and values_in(path) == [1.0]
    assert path.lstat().st_nlink == 1 and not path.is_symlink()


@pytest.mark.parametrize("suffix", ["-journal", "-wal", "-shm"])
@pytest.mark.parametrize("existing", [False, True])
def test_a_planted_link_next_to_it_is_not_followed(path: Path, suffix: str, existing: bool) -> None:
    mine = path.with_name("mine")
    mine.write_text("mine")
    if existing:
        write(path, 1.0)
    path.with_name(path.name + suffix).symlink_to(mine)
    write(path, 1.0, 2.0)
    assert mine.read_text() == "mine" and values_in(path) == [1.0, 2.0]


def test_a_journal_that_a_killed_process_left_is_not_applied_to_the_new_file(path: Path) -> None:
    write(path, 1.0)
    script = (
        "import os, sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('PRAGMA cache_size = 1')\n"
        "connection.execute('BEGIN')\n"
        "connection.execute('UPDATE trial_values SET value = 7')\n"
        "connection.execute('CREATE TABLE junk AS SELECT zeroblob(200000)')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == -signal.SIGKILL
    assert path.with_name("study.db-journal").stat().st_size
    write(path, 5.0, 6.0)
    assert values_in(path) == [5.0, 6.0]
    assert [found.name for found in path.parent.iterdir()] == ["study.db"]


def test_a_folder_in_its_place_is_warned_of_once_and_kept(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.mkdir()
    (path / "mine").write_text("mine")
    write(path, 1.0, 2.0)
    (warning,) = caplog.messages
    assert warning.startswith(f"{path}: Optuna's view of the study cannot be written (Is a directory).")
    assert (path / "mine").read_text() == "mine"
    assert [found.name for found in path.parent.iterdir()] == ["study.db"]


def test_a_file_that_is_deleted_meanwhile_is_written_at_the_end(path: Path) -> None:
    database = write(path, 1.0, finish=False)
    path.unlink()
    database.append(trial(2.0))
    database.finish()
    assert values_in(path) == [1.0, 2.0]


@pytest.mark.parametrize("call", ["os.fsync", "pathlib.Path.replace"])
def test_a_process_killed_while_it_replaces_the_file_leaves_the_old_one(path: Path, call: str) -> None:
    write(path, 1.0, 2.0)
    script = (
        "import os, pathlib, sys\n"
        "from tests.search.storage.test_database import write\n"
        f"{call} = lambda *_: os.kill(os.getpid(), 9)\n"
        "write(pathlib.Path(sys.argv[1]), 9.0)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == -signal.SIGKILL
    assert values_in(path) == [1.0, 2.0]


class Dashboard(Observer):
    """Another process that opens a transaction when the first trial has ended, and keeps it open."""

    def __init__(self, path: Path, close: ExitStack) -> None:
        self._path, self._close = path, close

    def trial_finished(self, trial: Trial) -> None:
        if trial.number == 1:
            self._close.enter_context(held(self._path, "BEGIN EXCLUSIVE"))


def test_a_study_whose_database_is_held_by_another_process_ends(
    start: StartStudy, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = StudyFolder(tmp_path / "study")
    settings = {"num_trials": 3, "confirm_seeds": 0, "with_database": True}
    with ExitStack() as close:
        front = start(folder.path, FakeExecutor(), observers=(Dashboard(folder.database, close),), **settings)
        (warning,) = caplog.messages
        assert "database is locked" in warning
        assert front.points
        with closing(sqlite3.connect(folder.database)) as new:
            assert new.execute("SELECT count(*) FROM trials").fetchone() == (len(folder.trials()),)
