"""Hundreds of real kills of one toy study: no finished trial is lost, none is trained or counted twice."""

import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import rmtree

import pytest

from nas.results.study import read_front
from tests.lives import POINTS, Lives, trained

pytestmark = pytest.mark.slow

NUM_KILLS = 200
MOST_OF_ONE = 12
"""Kills of one study, after which it may end, however slow the machine is."""


@pytest.fixture(scope="module")
def lives() -> Iterator[Lives]:
    with Lives() as lives:
        yield lives


@pytest.fixture(scope="module")
def whole(lives: Lives, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same study, undisturbed."""
    folder = tmp_path_factory.mktemp("whole") / "toy"
    assert not lives.live(folder, database=True)
    return folder


def results(folder: Path) -> dict[Path, bytes]:
    """The measurements in a study, which a life must neither lose nor change."""
    return {path: path.read_bytes() for path in folder.glob("trials/*/seed-*.json")}


def named(path: Path) -> tuple[int, int, int]:
    """The trial, the seed and the rung of a measurement."""
    _, seed, _, rung = path.stem.split("-")
    return int(path.parent.name), int(seed), int(rung)


def live(lives: Lives, folder: Path, **end: object) -> bool:
    """A life, after which nothing is lost and nothing that was known has been trained again."""
    before = results(folder)
    killed = lives.live(folder, **end)  # type: ignore[arg-type]
    assert {path: path.read_bytes() for path in before} == before
    again = trained(folder)
    assert not {named(path) for path in before} & set(again), "trained again"
    assert max(Counter(again).values(), default=0) <= 1, "trained twice"
    return killed


SELDOM = ("front", "database")
"""Points that a study passes once, or for the changes of some moments together."""

VIEWS = ("study.db", "identity.json", "lease")
"""What a folder has besides results: for whom it is followed, and who drove it."""


def in_database(folder: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(folder / "study.db")) as database:
        return database.execute("SELECT number, state FROM trials ORDER BY number").fetchall()


def check_same(folder: Path, whole: Path) -> None:
    """The front is that of the undisturbed study, byte for byte, and so is what was told of every trial."""
    assert (folder / "front.json").read_bytes() == (whole / "front.json").read_bytes()
    assert (folder / "front.csv").read_bytes() == (whole / "front.csv").read_bytes()
    names = [{str(path.relative_to(one)) for path in one.rglob("*")} for one in (folder, whole)]
    views = {name for name in names[0] | names[1] if name.startswith(VIEWS)}
    assert names[0] - views == names[1] - views, "files are lost or left over"


@pytest.mark.parametrize("passes", [0, 4])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_study_killed_at_any_point_ends_the_same(
    lives: Lives, whole: Path, tmp_path: Path, when: str, passes: int
) -> None:
    for point in POINTS:
        folder = tmp_path / point / "toy"
        database = point == "database"
        if live(lives, folder, at=(point, when, passes), database=database):
            assert not live(lives, folder, database=database)
        else:
            assert passes and point in SELDOM, f"a study does not pass {point} so often"
        check_same(folder, whole)
        if database:
            assert in_database(folder) == in_database(whole)
            assert len(in_database(folder)) == sum(read_front(whole).trials.values())


def test_a_study_killed_two_hundred_times_at_random_ends_the_same(lives: Lives, tmp_path: Path, whole: Path) -> None:
    started = time.monotonic()
    live(lives, tmp_path / "timed" / "toy")
    longest = time.monotonic() - started
    moments, kills, studies = random.Random(7), 0, 0
    while kills < NUM_KILLS:
        folder = tmp_path / f"{studies}" / "toy"
        for _ in range(MOST_OF_ONE):
            if not live(lives, folder, seconds=moments.uniform(0, longest)):
                break
            kills += 1
        else:
            assert not live(lives, folder)
        check_same(folder, whole)
        studies += 1
        rmtree(folder)
    assert studies > NUM_KILLS // MOST_OF_ONE
