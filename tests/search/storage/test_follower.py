"""A database that follows a study: never waited for, one line when it fails, and complete when it is back."""

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from nas.errors import StudyError
from nas.results.observer import Observer
from nas.results.trial import Trial, TrialState
from nas.search.storage.follower import DatabaseFollower
from nas.search.storage.study_folder import StudyFolder
from tests.followed import MadeUpView, made_up_follower
from tests.fronts import make_trial
from tests.search.storage.test_own_file import values_in
from tests.toy_study import FakeExecutor, StartStudy

IN_ANOTHER_PROCESS = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute(sys.argv[2])
connection.execute("SELECT * FROM trials").fetchone()
print("holding", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(path: Path, begin: str) -> Iterator[None]:
    """Another process has a transaction open on the file."""
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS, str(path), begin]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "holding\n"
        yield
        other.stdin.close()


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def following(view: MadeUpView, path: Path) -> Iterator[DatabaseFollower]:
    with closing(made_up_follower(view, path)) as follower:
        follower.study_started(None, None, ())
        yield follower


def tell(follower: DatabaseFollower, view: MadeUpView, *values: float) -> None:
    """The study has these trials by now, and the last is news."""
    view.values = list(values)
    follower.trial_finished(make_trial(len(values) - 1, TrialState.FINISHED))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.db"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nas.search.storage.follower.SECONDS_BETWEEN", 0.05)


def test_a_running_study_is_followed(path: Path) -> None:
    view = MadeUpView([1.0])
    with following(view, path) as follower:
        for num_trials in (1, 2, 3):
            tell(follower, view, *(float(number) for number in range(num_trials)))
            wait_for(lambda: path.exists() and values_in(path) == view.values)
        view.asked.clear()
        tell(follower, view, 0.0, 1.0, 4.0)
        wait_for(lambda: values_in(path) == [0.0, 1.0, 4.0])
        assert view.asked == [2], "what did not change is not read"


def test_what_is_left_is_written_when_the_study_is_interrupted(path: Path) -> None:
    view = MadeUpView([1.0])
    with following(view, path) as follower:
        wait_for(lambda: path.exists() and values_in(path) == [1.0])
        tell(follower, view, 1.0, 2.0)
    assert values_in(path) == [1.0, 2.0]


@pytest.mark.parametrize("begin", ["BEGIN EXCLUSIVE", "BEGIN"])
def test_a_file_that_another_process_holds_is_one_line_and_left_alone_until_the_end(
    path: Path, caplog: pytest.LogCaptureFixture, begin: str
) -> None:
    view = MadeUpView([1.0])
    with ExitStack() as close, following(view, path) as follower:
        wait_for(lambda: path.exists() and values_in(path) == [1.0])
        close.enter_context(held(path, begin))
        tell(follower, view, 1.0, 2.0)
        wait_for(lambda: bool(caplog.messages))
        tell(follower, view, 1.0, 2.0, 3.0)
        time.sleep(0.3)
        (warning,) = caplog.messages
        assert warning == (
            f"{path}: trials cannot be written there (database is locked). The search continues, and they follow when "
            "they can; after it, nas sync runs/toy writes what is missing."
        )
        with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as reader:
            assert reader.execute("SELECT count(*) FROM trials").fetchone() == (1,)
        follower.close()
        assert values_in(path) == [1.0, 2.0, 3.0], "the other process has the old file, and this is a new one"
    assert len(caplog.messages) == 1


def test_a_file_that_is_released_again_is_continued(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    view = MadeUpView([1.0])
    with following(view, path) as follower:
        wait_for(lambda: path.exists() and values_in(path) == [1.0])
        same_file = path.stat().st_ino
        with held(path, "BEGIN EXCLUSIVE"):
            tell(follower, view, 1.0, 2.0)
            wait_for(lambda: bool(caplog.messages))
        wait_for(lambda: values_in(path) == [1.0, 2.0])
        assert path.stat().st_ino == same_file


def test_a_file_that_is_held_at_the_start_is_replaced(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with following(MadeUpView([1.0]), path):
        pass
    with held(path, "BEGIN EXCLUSIVE"):
        with following(MadeUpView([1.0, 2.0]), path):
            pass
        assert values_in(path) == [1.0, 2.0]
    assert caplog.messages == []


def test_a_file_that_is_deleted_meanwhile_is_written_at_the_end(path: Path) -> None:
    view = MadeUpView([1.0])
    with following(view, path) as follower:
        wait_for(lambda: path.exists() and values_in(path) == [1.0])
        path.unlink()
        tell(follower, view, 1.0, 2.0)
    assert values_in(path) == [1.0, 2.0]


def test_a_folder_in_its_place_is_warned_of_once_and_kept(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.mkdir()
    (path / "mine").write_text("mine")
    with following(MadeUpView([1.0, 2.0]), path):
        wait_for(lambda: bool(caplog.messages))
    (warning,) = caplog.messages
    assert warning.startswith(f"{path}: trials cannot be written there (Is a directory).")
    assert (path / "mine").read_text() == "mine"
    assert [found.name for found in path.parent.iterdir()] == ["study.db"]


def test_a_database_that_hangs_is_not_waited_for(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    def hang() -> dict[int, str]:
        released.wait(60)
        return {}

    hanging = made_up_follower(MadeUpView(), path)
    monkeypatch.setattr(hanging._database, "open", hang)
    monkeypatch.setattr("nas.search.storage.follower.PATIENCE", 0.1)
    with closing(hanging):
        hanging.study_started(None, None, ())
        for number in range(100):
            hanging.trial_finished(make_trial(number, TrialState.FINISHED))
    assert hanging._thread.is_alive(), "it hangs still, and the study has ended"
    assert "nas sync runs/toy" in caplog.messages[0]
    released.set()
    hanging._thread.join()


class Dashboard(Observer):
    """Another process that opens a transaction when the first trial has ended, and keeps it open."""

    def __init__(self, path: Path, close: ExitStack) -> None:
        self._path, self._close = path, close

    def trial_finished(self, trial: Trial) -> None:
        if trial.number == 1:
            wait_for(self._path.exists)
            self._close.enter_context(held(self._path, "BEGIN EXCLUSIVE"))


def test_a_study_whose_database_is_held_by_another_process_ends(
    start: StartStudy, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = StudyFolder(tmp_path / "study")
    settings = {"num_trials": 3, "confirm_seeds": 0, "with_database": True}
    with ExitStack() as close:
        front = start(folder.path, FakeExecutor(), observers=(Dashboard(folder.database, close),), **settings)
        assert len(caplog.messages) <= 1 and all("database is locked" in message for message in caplog.messages)
        assert front.points
        with closing(sqlite3.connect(folder.database)) as new:
            assert new.execute("SELECT count(*) FROM trials").fetchone() == (len(folder.trials()),)


def test_who_has_lost_the_study_leaves_its_file_alone(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with following(MadeUpView([1.0]), path):
        pass
    before = path.read_bytes()

    def lost() -> None:
        raise StudyError("study: another one may have it now.")

    view = MadeUpView([1.0, 2.0])
    view.check = lost  # type: ignore[method-assign]
    with following(view, path):
        pass
    assert path.read_bytes() == before
    (warning,) = caplog.messages
    assert "another one may have it now" in warning
