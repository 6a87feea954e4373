"""Stored proposals are what the space makes today of the stored values, or the study is refused."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nas.errors import StudyError
from nas.patterns.model import ModelPattern
from nas.search.problem.problem import Problem
from nas.search.storage.study_folder import StudyFolder
from nas.search_spaces.hybrid import Hybrid
from nas.space.baselines import baselines_for
from nas.space.space import Shape, Suggester
from tests.toy_study import SHAPE, FakeExecutor, StartStudy, Stop


@pytest.fixture
def stopped(start: StartStudy, tmp_path: Path) -> Path:
    """A study that was stopped half-way."""
    with pytest.raises(Stop):
        start(tmp_path / "study", FakeExecutor(stop_after=9), sampler="random")
    return tmp_path / "study"


def sampled(folder: Path) -> list[int]:
    """Numbers of the trials that were sampled."""
    numbers = [int(path.parent.name) for path in sorted(folder.glob("trials/*/ask.json"))]
    study = StudyFolder(folder)
    return [number for number in numbers if (one := study.read_proposal(number)) and one.baseline is None]


class Other:
    """The hybrid space, unless it is changed."""

    baselines: tuple[str, ...] = ()

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        made: ModelPattern = Hybrid().sample(suggest, shape)
        return made


def with_baselines(problem: Problem, *names: str) -> Problem:
    space = Other()
    space.baselines = names
    return replace(problem, space=space, baselines=baselines_for(space, SHAPE))


@pytest.mark.parametrize("names", [("local_global", "longformer"), ("longformer",), ("bigbird",), ()])
def test_other_baselines_are_refused_before_anything_is_trained(
    start: StartStudy, problem: Problem, stopped: Path, names: tuple[str, ...]
) -> None:
    """One pattern would be credited with the results of another."""
    again = FakeExecutor()
    with pytest.raises(StudyError, match=r"trials/0000\d: must be .* Put it back, or choose another study=NAME\."):
        start(stopped, again, sampler="random", with_problem=with_baselines(problem, *names))
    assert again.trained == []
    assert not (stopped / "front.json").exists()


class Wide(Other):
    """The hybrid space with the widest windows, whatever is suggested."""

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        class Shifted:
            def choice(self, name: str, options: Any) -> Any:
                chosen = suggest.choice(name, options)
                return max(options) if "window" in name and isinstance(chosen, int) else chosen

            def integer(self, name: str, low: int, high: int, *, log: bool = False) -> int:
                return suggest.integer(name, low, high, log=log)

        return super().sample(Shifted(), shape)


class Failing(Other):
    """A space that fails."""

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        raise ZeroDivisionError("changed")


@pytest.mark.parametrize(
    ("space", "words"),
    [
        (Wide, "must have the pattern that the space makes of its values"),
        (lambda: Hybrid(window_tokens=[3, 5, 7]), "must be asked for the parameters"),
        (Failing, "must be sampled as before, got .*ZeroDivisionError: changed"),
    ],
)
def test_a_space_that_makes_other_patterns_of_the_same_values_is_refused(
    start: StartStudy, problem: Problem, stopped: Path, space: Callable[[], Any], words: str
) -> None:
    with pytest.raises(StudyError, match=words):
        start(stopped, FakeExecutor(), sampler="random", with_problem=replace(problem, space=space()))


@pytest.mark.parametrize("which", [0, -1])
def test_an_edited_pattern_is_refused(start: StartStudy, stopped: Path, which: int) -> None:
    """Of a sampled trial, and of a baseline."""
    numbers = [sampled(stopped)[0], 0]
    here, there = (StudyFolder(stopped).trial_path(number) / "pattern.json" for number in (numbers[which], 1))
    here.write_bytes(there.read_bytes())
    with pytest.raises(StudyError, match=re.escape(str(here.parent)) + ": must .* has changed since"):
        start(stopped, FakeExecutor(), sampler="random")


def test_edited_values_are_refused(start: StartStudy, stopped: Path) -> None:
    path = StudyFolder(stopped).trial_path(sampled(stopped)[0]) / "ask.json"
    document = json.loads(path.read_text())
    name = sorted(document["suggestion"]["params"])[0]
    del document["suggestion"]["params"][name]
    path.write_text(json.dumps(document))
    with pytest.raises(StudyError, match="must be asked for the parameters"):
        start(stopped, FakeExecutor(), sampler="random")


def test_a_baseline_in_the_place_of_a_sampled_trial_is_refused(start: StartStudy, stopped: Path) -> None:
    here, there = (StudyFolder(stopped).trial_path(number) for number in (sampled(stopped)[0], 1))
    for name in ("ask.json", "pattern.json"):
        (here / name).write_bytes((there / name).read_bytes())
    with pytest.raises(StudyError, match="must be a sampled pattern, got the baseline"):
        start(stopped, FakeExecutor(), sampler="random")
