"""Decisions are made once, and what a resumed study reads of them is what it would decide again."""

import random
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any
from unittest.mock import patch

import pytest
from msgspec.structs import replace
from replay import MemoryDecisions

from nas.proxy.member import Member
from nas.proxy.settings import TrainingSettings
from nas.results.decision import Decision
from nas.results.measurement import Measurement
from nas.search.scheduler.decisions import Decisions
from nas.search.scheduler.forecast import Forecast
from tests.toy_study import FakeExecutor, StartStudy, Stop, pretended

SETTINGS: dict[str, Any] = {
    "num_trials": 14,
    "sampler": "random",
    "training": TrainingSettings(num_steps=400, num_rungs=3),
}


def decided(decisions: Decisions, *what: object) -> Decision:
    return decisions.decide(*what, choose=lambda past: Decision(past=past, trials=(len(past),)), fits=bool)


def refused(past: str) -> Decision:
    raise AssertionError("decided again")


def test_the_same_past_has_the_same_decision_and_another_one_has_its_own() -> None:
    storage = MemoryDecisions()
    decisions = Decisions(storage)
    decisions.happened("started", 1)
    first, second = decided(decisions, "front"), decided(decisions, "front")
    assert first.past != second.past, "the first is part of the second's past"
    again = Decisions(storage)
    again.happened("started", 1)
    assert again.decide("front", choose=refused, fits=bool) == first
    assert again.decide("front", choose=refused, fits=bool) == second
    other = Decisions(storage)
    other.happened("started", 2)
    assert decided(other, "front").past not in (first.past, second.past)
    assert len(storage.read()) == 3
    other.forget_others()
    assert len(storage.read()) == 1


def trained(member: Member, task: str, rung: int) -> Measurement:
    """What is pretended, in always the same time."""
    return replace(pretended(member, task, rung), wall_seconds=1.0)


def worse(member: Member, task: str, rung: int) -> Measurement:
    found = trained(member, task, rung)
    return replace(found, quality=(found.quality or 0.0) + 1.0)


def executor(shuffle: int, stop_after: int | None = None) -> FakeExecutor:
    return FakeExecutor(random.Random(shuffle), stop_after, trained)


def test_a_decision_that_does_not_fit_is_made_anew() -> None:
    storage = MemoryDecisions()
    wrong = decided(Decisions(storage), "front")
    again = Decisions(storage)
    right = again.decide("front", choose=lambda past: Decision(past=past, trials=()), fits=lambda one: not one.trials)
    assert (right.past, right.trials) == (wrong.past, ())
    again.forget_others()
    assert storage.read() == [right]


def files(folder: Path) -> dict[str, bytes]:
    paths = [*folder.glob("trials/*/*.json"), folder / "front.json", folder / "decisions.jsonl"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.fixture(scope="module", params=["random", "ehvi"])
def sampler(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", autouse=True)
def few_are_exact() -> Iterator[None]:
    """So that a toy study has readings of several advances, as one of thousands of trials has."""
    with patch("nas.search.trial_store.EXACT", 8), patch("nas.search.samplers.history.EXACT", 8):
        yield


@pytest.fixture(scope="module")
def whole(start: StartStudy, sampler: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "study"
    start(folder, executor(0), **SETTINGS | {"sampler": sampler})
    return folder


def test_an_ended_study_decides_nothing_again_and_writes_nothing_again(
    start: StartStudy, sampler: str, whole: Path, tmp_path: Path
) -> None:
    folder = Path(copytree(whole, tmp_path / "study"))
    inodes = {path: path.stat().st_ino for path in folder.glob("trials/*/*.json")}
    with patch.object(Forecast, "agreement", side_effect=AssertionError("decided again")):
        start(folder, executor(0, 0), **SETTINGS | {"sampler": sampler})
    assert files(folder) == files(whole)
    assert {path: path.stat().st_ino for path in inodes} == inodes, "a file was written again"


@pytest.mark.parametrize("kept", ["all", "none", "a part", "a part of a line"])
@pytest.mark.parametrize("stop_after", [20, 26, 32])
def test_a_study_that_was_stopped_ends_the_same_whatever_is_left_of_its_decisions(
    start: StartStudy, sampler: str, whole: Path, tmp_path: Path, kept: str, stop_after: int
) -> None:
    """So what is read is what would be decided again."""
    folder, settings = tmp_path / "study", SETTINGS | {"sampler": sampler}
    with pytest.raises(Stop):
        start(folder, executor(1, stop_after), **settings)
    path = folder / "decisions.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    assert lines
    left = {"all": lines, "none": [], "a part": lines[: len(lines) // 2], "a part of a line": [*lines[:-1], b'{"pa']}
    path.write_bytes(b"".join(left[kept]))
    start(folder, executor(2), **settings)
    assert files(folder) == files(whole)


def test_a_study_that_is_extended_decides_as_one_that_was_long_from_the_start(
    start: StartStudy, sampler: str, whole: Path, tmp_path: Path
) -> None:
    long, grown = tmp_path / "long", Path(copytree(whole, tmp_path / "grown"))
    for folder in (long, grown):
        start(folder, executor(3), **SETTINGS | {"sampler": sampler, "num_trials": 20})
    found = files(grown)  # with the measurements of finalists that are none among more trials
    assert {name: found[name] for name in files(long)} == files(long)


def test_another_result_is_followed_by_other_decisions(
    start: StartStudy, sampler: str, whole: Path, tmp_path: Path
) -> None:
    """One that was deleted, and came out otherwise when it was measured again."""
    folder = Path(copytree(whole, tmp_path / "study"))
    sorted(folder.glob("trials/*/seed-0-silent-0000100.json"))[-1].unlink()
    start(folder, FakeExecutor(measure=worse), **SETTINGS | {"sampler": sampler})
    past = [line.split(b'"')[3] for line in (whole / "decisions.jsonl").read_bytes().splitlines()]
    now = [line.split(b'"')[3] for line in (folder / "decisions.jsonl").read_bytes().splitlines()]
    assert past[0] == now[0] and past[-1] != now[-1]
