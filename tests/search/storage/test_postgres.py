"""Studies in a team's PostgreSQL: a real server, which stops, comes back, or was never there."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import optuna
import pytest
from sqlalchemy import URL, create_engine, select
from sqlalchemy.engine import make_url

from nas.results.front import Front
from nas.results.identity import read_identity
from nas.results.observer import Observer
from nas.results.trial import Trial
from nas.search.storage.database import _STUDIES
from nas.search.storage.follower import sync_study
from nas.search.storage.study_folder import StudyFolder
from nas.search.storage.trial_rows import TrialRows, read_rows
from tests.postgres_server import PASSWORD, PostgresServer
from tests.search.test_crash import TINY, kill_after_work
from tests.toy_study import NAMES, FakeExecutor, StartStudy, Stop

NUMBERS = count()
SETTINGS = {"num_trials": 6, "confirm_seeds": 1}


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.new_database(f"team{next(NUMBERS)}")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nas.search.storage.follower.SECONDS_BETWEEN", 0.05)


def rows_in(url: str | URL) -> dict[str, dict[int, TrialRows]]:
    """Every study of a database by its name, all as of one moment: a search may be writing."""
    engine = create_engine(url, isolation_level="SERIALIZABLE")
    try:
        with engine.connect() as connection:
            names = connection.execute(select(_STUDIES.c.study_id, _STUDIES.c.study_name)).all()
            return {name: read_rows(connection, study) for study, name in names}
    finally:
        engine.dispose()


@contextmanager
def as_optuna_sees(url: str, name: str = "night") -> Iterator[optuna.Study | None]:
    """A study through Optuna's own API; None if there is none of the name."""
    storage = optuna.storages.RDBStorage(url)
    known = {study.study_name for study in storage.get_all_studies()}
    yield optuna.load_study(study_name=name, storage=storage) if name in known else None
    storage.remove_session()
    storage.engine.dispose()


def is_there(url: str) -> bool:
    with as_optuna_sees(url) as study:
        return study is not None


def rebuilt(folder: StudyFolder, database: Path) -> dict[str, dict[int, TrialRows]]:
    """What a new SQLite file is told of a folder."""
    sync_study(folder, f"sqlite:///{database}")
    return rows_in(f"sqlite:///{database}")


@dataclass
class Events(Observer):
    """Acts when so many trials have ended."""

    acts: dict[int, Callable[[], None]]
    num_ended: int = 0

    def trial_finished(self, trial: Trial) -> None:
        self.num_ended += 1
        self.acts.get(self.num_ended, lambda: None)()


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_search_is_seen_live_and_ends_as_its_folder_says(start: StartStudy, tmp_path: Path, url: str) -> None:
    folder, seen = StudyFolder(tmp_path / "night"), []

    def look() -> None:
        """The search waits here until the dashboard has what has happened so far."""

        def states() -> list[str]:
            return [rows.state for rows in rows_in(url).get("night", {}).values()]

        wait_for(lambda: states().count("COMPLETE") >= 4)
        seen.append(states())

    assert not is_there(url)  # which makes the tables: a dashboard was there first
    start(folder.path, FakeExecutor(), observers=(Events({5: look}),), url=make_url(url), **SETTINGS)
    assert len(seen) == 1 and "RUNNING" in seen[0]
    assert rows_in(url) == {"night": rebuilt(folder, tmp_path / "new.db")["night"]}
    with as_optuna_sees(url) as study:
        assert study.user_attrs == {"nas:study": read_identity(folder).id}
        assert [one.values for one in study.trials] == [[one.values[name] for name in NAMES] for one in folder.trials()]


def test_a_team_sees_two_studies_of_one_name(start: StartStudy, tmp_path: Path, url: str) -> None:
    for place in ("a", "b"):
        start(tmp_path / place / "night", FakeExecutor(), url=make_url(url), seed=ord(place), **SETTINGS)
    identity = read_identity(StudyFolder(tmp_path / "b/night"))
    found = rows_in(url)
    assert set(found) == {"night", f"night-{identity.id[:8]}"}
    for place, name in zip(("a", "b"), sorted(found, key=len), strict=True):
        folder = StudyFolder(tmp_path / place / "night")
        assert found[name] == rebuilt(folder, tmp_path / f"{place}.db")["night"]


def test_a_server_that_stops_in_the_midst_gets_what_it_missed(
    start: StartStudy, tmp_path: Path, postgres: PostgresServer, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = StudyFolder(tmp_path / "night")

    assert not is_there(url)  # which makes the tables, so that two do not make them at the same time

    def stop() -> None:
        wait_for(lambda: is_there(url))
        postgres.stop()

    def back() -> None:
        wait_for(lambda: bool(caplog.messages))
        postgres.start()

    start(folder.path, FakeExecutor(), observers=(Events({4: stop, 8: back}),), url=make_url(url), **SETTINGS)
    (warning,) = caplog.messages
    assert "trials cannot be written there" in warning and f"nas sync {folder.path}" in warning
    assert PASSWORD not in warning and "\n" not in warning
    assert rows_in(url) == {"night": rebuilt(folder, tmp_path / "new.db")["night"]}


def test_without_its_server_a_search_goes_on_and_a_later_sync_fills_it(
    start: StartStudy, tmp_path: Path, postgres: PostgresServer, url: str, caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    folder, executor = StudyFolder(tmp_path / "night"), FakeExecutor()
    postgres.stop()
    try:
        front = start(folder.path, executor, url=make_url(url), **SETTINGS)
    finally:
        postgres.start()
    assert front.points and len(caplog.messages) == 1
    monkeypatch.setenv("NAS_STORAGE", url)
    num_trials, place = sync_study(folder, None)
    assert num_trials == len(folder.trials()) and PASSWORD not in place
    assert rows_in(url) == {"night": rebuilt(folder, tmp_path / "new.db")["night"]}


@pytest.mark.parametrize("stop_after", [3, 11])
def test_a_resumed_search_doubles_nothing(start: StartStudy, tmp_path: Path, url: str, stop_after: int) -> None:
    folder = StudyFolder(tmp_path / "night")
    with pytest.raises(Stop):
        start(folder.path, FakeExecutor(stop_after=stop_after), url=make_url(url), **SETTINGS)
    with as_optuna_sees(url) as study:
        before = {trial.number: trial._trial_id for trial in study.trials}
    assert before
    start(folder.path, FakeExecutor(), url=make_url(url), **SETTINGS)
    with as_optuna_sees(url) as study:
        trials = study.trials
    assert [trial.number for trial in trials] == list(range(len(folder.trials())))
    assert {trial.number: trial._trial_id for trial in trials[: len(before)]} == before
    assert rows_in(url) == {"night": rebuilt(folder, tmp_path / "new.db")["night"]}


def test_a_wrong_password_is_one_line_without_it(
    start: StartStudy, tmp_path: Path, postgres: PostgresServer, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = make_url(url).set(password="wrong:pass/word")
    front = start(tmp_path / "night", FakeExecutor(), url=wrong, **SETTINGS)
    (warning,) = caplog.messages
    assert front.points and "password authentication failed" in warning and "wrong:pass/word" not in warning


@dataclass
class Search:
    """`nas search` as a real process that finds the database in its environment.

    Args:
        runs: where its studies lie.
        url: of the database.
        output: all that it printed.
        command_lines: of all processes that ran meanwhile.
    """

    runs: Path
    url: str
    output: bytes = b""
    command_lines: set[bytes] = field(default_factory=set)

    def start(self) -> "subprocess.Popen[bytes]":
        words = [*TINY, "tracking=offline", "study=night", "workers=1", f"runs_folder={self.runs}"]
        environment = os.environ | {"NAS_STORAGE": self.url}
        return subprocess.Popen(
            [sys.executable, "-m", "nas.cli.main", "search", *words],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def run(self) -> Front:
        process = self.start()
        while process.poll() is None:
            self.command_lines |= set(command_lines())
            time.sleep(0.2)
        assert process.stdout is not None
        self.output = process.stdout.read()
        process.stdout.close()
        assert process.returncode == 0, self.output.decode()
        return StudyFolder(self.runs / "night").front()


def command_lines() -> Iterator[bytes]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes()
        except OSError:  # it has ended
            continue


@pytest.mark.slow
def test_a_killed_search_is_resumed_and_its_password_is_nowhere(tmp_path: Path, url: str) -> None:
    search = Search(tmp_path / "runs", url)
    killed = search.start()
    assert kill_after_work(killed, search.runs, 2.0)
    assert killed.returncode == -signal.SIGKILL
    search.run()
    folder = StudyFolder(search.runs / "night")
    assert rows_in(url) == {"night": rebuilt(folder, tmp_path / "new.db")["night"]}
    secrets = {PASSWORD.encode(), make_url(url).render_as_string(False).encode(), b"plant%3Aed"}
    written = {path: path.read_bytes() for path in search.runs.rglob("*") if path.is_file()}
    assert len(written) > 50 and any(path.suffix == ".wandb" for path in written)
    for secret in secrets:
        assert not [path for path, content in written.items() if secret in content]
        assert secret not in search.output
        assert not [line for line in search.command_lines if secret in line]
