"""Everything a study's settings stand for, built and checked before anything is written or trained."""

import traceback
from contextlib import suppress
from dataclasses import dataclass
from math import prod

from nas.costs.cost import Cost
from nas.costs.counting import count_cost
from nas.costs.proxy_target import proxy_target
from nas.costs.target import Target
from nas.errors import InputError, NasError, PatternError, unknown
from nas.patterns.model import ModelPattern
from nas.search.objectives import Objective, make_objectives
from nas.search.samplers import SAMPLERS
from nas.search.settings import StudySettings
from nas.space.baselines import BASELINES
from nas.space.load import load_space
from nas.space.random_suggester import RandomSuggester
from nas.space.space import Shape, Space, Suggester
from nas.tasks.catalog import make_task
from nas.tasks.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is searched, on what, for what.

    Args:
        task: the loaded task.
        shape: what all patterns have in common.
        space: where patterns are sampled from.
        target: the model that costs are counted for.
        full_cost: the cost of full attention on it.
        objectives: what is weighed.
        baselines: named patterns, evaluated in every study.
    """

    task: Task
    shape: Shape
    space: Space
    target: Target
    full_cost: Cost
    objectives: tuple[Objective, ...]
    baselines: dict[str, ModelPattern]

    def sample(self, suggest: Suggester) -> ModelPattern:
        """A pattern of the space, which must have the study's shape.

        Raises:
            PatternError: the suggested values make no valid pattern.
            InputError: the space's options do not go with the shape, or it made something else than asked or failed.
        """
        try:
            pattern = self.space.sample(suggest, self.shape)
        except NasError:
            raise
        except Exception as error:
            raise InputError("space", f"must sample without an error at {_place(error)}", _told(error)) from error
        if not isinstance(pattern, ModelPattern):
            raise InputError("space", "must sample a ModelPattern", type(pattern).__name__)
        made = (pattern.num_layers, pattern.num_heads, pattern.causal)
        wanted = (self.shape.num_layers, self.shape.num_heads, self.shape.causal)
        if made != wanted:
            raise InputError("space", f"must sample patterns with (layers, heads, causal) = {wanted}", made)
        if pattern.grid and {prod(pattern.grid)} != {self.shape.num_tokens, self.target.num_tokens}:
            lengths = f"{self.shape.num_tokens} tokens of the task and {self.target.num_tokens} of the target"
            raise InputError("space", f"must sample patterns whose grid holds the {lengths}", pattern.grid)
        return pattern

    def cost(self, pattern: ModelPattern) -> Cost:
        """What a pattern costs on the target."""
        return count_cost(pattern, self.target)


def make_problem(settings: StudySettings) -> Problem:
    """Build and check what the settings stand for.

    Raises:
        InputError: a setting is wrong; the message names it.
    """
    if settings.sampler not in SAMPLERS:
        raise unknown("sampler", settings.sampler, SAMPLERS, "sampler")
    task = make_task(settings.task)
    objectives = make_objectives(settings.objectives, task.metric)
    proxy = settings.proxy
    shape = Shape(
        num_layers=proxy.num_layers, num_heads=proxy.num_heads, num_tokens=task.num_tokens, causal=task.causal
    )
    target = settings.target or proxy_target(
        num_layers=proxy.num_layers,
        num_heads=proxy.num_heads,
        d_model=proxy.d_model,
        mlp_ratio=proxy.mlp_ratio,
        num_tokens=task.num_tokens,
        vocab_size=task.vocab_size,
    )
    baselines = {name: make(shape) for name, make in BASELINES.items()}
    problem = Problem(
        task=task,
        shape=shape,
        space=load_space(settings.space.attribute, settings.space.options),
        target=target,
        full_cost=count_cost(baselines["full"], target),
        objectives=objectives,
        baselines=baselines,
    )
    with suppress(PatternError):
        # One draw on trial, so that options which do not go with the shape are told before anything is trained.
        problem.sample(RandomSuggester(0))
    return problem


def _place(error: Exception) -> str:
    """The line of the user's space that the error came through: the frame next to ours."""
    frames = traceback.extract_tb(error.__traceback__)
    frame = frames[min(1, len(frames) - 1)]
    return f"{frame.filename}:{frame.lineno}"


def _told(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
