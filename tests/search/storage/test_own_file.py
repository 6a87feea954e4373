"""The database in a study's folder, which may come from a stranger: continued if it is ours, and else replaced."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import optuna
import pytest

from tests.followed import MadeUpView, made_up_follower


def write(path: Path, *values: float, ended: bool = True, name: str = "toy") -> None:
    """What a search of these trials does to the file."""
    follower = made_up_follower(MadeUpView(values, ended), path, name=name)
    follower.start_over()
    follower._database.close()


def values_in(path: Path) -> list[float]:
    """In the order of their trials, read as any process would, which rolls back what a journal holds."""
    with closing(sqlite3.connect(path)) as connection:
        return [value for (value,) in connection.execute("SELECT value FROM trial_values ORDER BY trial_id")]


def run_sql(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(sql)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.db"


def test_optuna_reads_every_trial_in_order(path: Path) -> None:
    write(path, 1.0, 2.0)
    first, second = optuna.load_study(study_name="toy", storage=f"sqlite:///{path}").trials
    assert (first.number, first.value, second.number, second.value) == (0, 1.0, 1, 2.0)
    assert (first.params, first.user_attrs, first.constraints) == ({"window": 4}, {"baseline": None}, {"flops": 0.1})


@pytest.mark.parametrize("ended", [True, False])
def test_a_database_that_is_opened_again_takes_only_what_it_lacks(path: Path, ended: bool) -> None:
    write(path, 1.0, 2.0, ended=ended)
    same_file = path.stat().st_ino
    write(path, 1.0, 2.0, 3.0, name="renamed")  # as a folder may be between two runs
    assert values_in(path) == [1.0, 2.0, 3.0]
    assert path.stat().st_ino == same_file, "a dashboard that has it open sees the new trials"


def test_a_trial_that_became_another_is_written_again(path: Path) -> None:
    write(path, 1.0, 2.0, 3.0)
    write(path, 1.0, 9.0, 3.0)
    assert values_in(path) == [1.0, 9.0, 3.0]


def test_a_study_that_ends_with_fewer_trials_keeps_no_more(path: Path) -> None:
    write(path, 1.0, 2.0, 3.0)
    write(path, 1.0, 2.0, ended=False)
    assert values_in(path) == [1.0, 2.0, 3.0], "before it ends, the others may still come"
    write(path, 1.0, 2.0)
    assert values_in(path) == [1.0, 2.0]


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
        "UPDATE study_user_attributes SET value_json = '\"another study\"'",
        "UPDATE trials SET number = 0",
    ],
)
def test_a_database_of_something_else_is_mended_or_replaced(path: Path, sql: str) -> None:
    write(path, 1.0, 7.0)
    run_sql(path, sql)
    write(path, 1.0, 2.0)
    assert values_in(path) == [1.0, 2.0]
    (study,) = optuna.get_all_study_summaries(f"sqlite:///{path}")
    assert study.direction.name == "MINIMIZE"
    assert optuna.load_study(study_name=None, storage=f"sqlite:///{path}").trials[0].params == {"window": 4}


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


def test_a_folder_in_its_place_is_kept(path: Path) -> None:
    path.mkdir()
    (path / "mine").write_text("mine")
    with pytest.raises(IsADirectoryError):
        write(path, 1.0, 2.0)
    assert (path / "mine").read_text() == "mine"
    assert [found.name for found in path.parent.iterdir()] == ["study.db"]


@pytest.mark.parametrize("call", ["os.fsync", "pathlib.Path.replace"])
def test_a_process_killed_while_it_replaces_the_file_leaves_the_old_one(path: Path, call: str) -> None:
    write(path, 1.0, 2.0)
    run_sql(path, "CREATE TABLE notes (text TEXT)")  # no longer ours to continue
    script = (
        "import os, pathlib, sys\n"
        "from tests.search.storage.test_own_file import write\n"
        f"{call} = lambda *_: os.kill(os.getpid(), 9)\n"
        "write(pathlib.Path(sys.argv[1]), 9.0)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == -signal.SIGKILL
    assert values_in(path) == [1.0, 2.0]
