"""Spaces of a user's that go wrong: told before anything is trained."""

from dataclasses import replace

import pytest

from nas.errors import InputError
from nas.patterns.file import parse_pattern
from nas.patterns.model import ModelPattern
from nas.search.problem.problem import Problem, make_problem
from nas.search.settings import SpaceSettings, StudySettings
from nas.space.random_suggester import RandomSuggester
from nas.space.space import Shape, Suggester
from nas.space.systems import full
from nas.tasks.synthetic.recall import RecallSettings


class Raising:
    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        raise KeyError("width")


class WithGrid:
    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        layers = [{"heads": [{"count": shape.num_heads, "attend": [{"kind": "full"}]}]}] * shape.num_layers
        return parse_pattern({"schema": "nas.pattern/1", "causal": True, "grid": [4, 4], "layers": layers})


class Choosing:
    def __init__(self, *options: object) -> None:
        self.options = options

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        suggest.choice("width", list(self.options))  # type: ignore[arg-type]
        raise AssertionError("refused before")


@pytest.fixture(scope="module")
def problem() -> Problem:
    return make_problem(StudySettings(task=RecallSettings(num_tokens=32, validation_sequences=1)))


def test_what_a_space_raises_is_told_with_its_line(problem: Problem) -> None:
    with pytest.raises(InputError, match=r"^space: .*test_problem.py:\d+, got \"KeyError: 'width'\""):
        replace(problem, space=Raising()).sample(RandomSuggester(0))


def test_a_grid_must_be_the_tasks(problem: Problem) -> None:
    with pytest.raises(InputError, match=r"^space: .*\(layers, heads, causal, grid\).*None\), got .*\(4, 4\)\)"):
        replace(problem, space=WithGrid()).sample(RandomSuggester(0))


@pytest.mark.parametrize("options", [(), (float("nan"),), (float("inf"), 1), (1, [2]), (None, 1)])
def test_options_must_be_plain_finite_values(problem: Problem, options: tuple[object, ...]) -> None:
    with pytest.raises(InputError, match=r"^space parameter width: "):
        replace(problem, space=Choosing(*options)).sample(RandomSuggester(0))


class Rarely:
    """Fails for most of its values."""

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        if suggest.integer("width", 1, 9) > 1:
            raise LookupError("wide")
        return full(shape)


def test_a_space_that_fails_for_some_values_is_searched_and_one_that_always_fails_is_not() -> None:
    task = RecallSettings(num_tokens=32, validation_sequences=1)
    make_problem(StudySettings(task=task, space=SpaceSettings(attribute=f"{__name__}:Rarely")))
    with pytest.raises(InputError, match=r"^space: must sample without an error at .*test_problem\.py:\d+, got .Key"):
        make_problem(StudySettings(task=task, space=SpaceSettings(attribute=f"{__name__}:Raising")))


class Misnamed(Raising):
    baselines = 7


def test_baselines_that_are_no_names_are_told() -> None:
    settings = StudySettings(
        task=RecallSettings(num_tokens=32, validation_sequences=1),
        space=SpaceSettings(attribute=f"{__name__}:Misnamed"),
    )
    with pytest.raises(InputError, match=r"^space\.baselines: must be a tuple of names of baselines, got .TypeError"):
        make_problem(settings)
