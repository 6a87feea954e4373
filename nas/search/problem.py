"""Everything a study's settings stand for, built and checked before anything is written or trained."""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass

from nas.costs.cost import Cost
from nas.costs.counting import count_cost
from nas.costs.target import Target
from nas.errors import InputError, NasError, PatternError, unknown
from nas.patterns.model import ModelPattern
from nas.proxy.checks import check_fit
from nas.proxy.own_target import own_target
from nas.proxy.settings import ProxySettings
from nas.search.sampling.samplers import SAMPLERS
from nas.search.scoring.objectives import Objective, check_objectives, make_objectives
from nas.search.scoring.scores import Score, make_scores
from nas.search.settings import StudySettings
from nas.search.study_tasks import make_tasks
from nas.space.baselines import baselines_for
from nas.space.load import load_space
from nas.space.random_suggester import RandomSuggester
from nas.space.space import Shape, Space, Suggester
from nas.tasks.task import Task

TRIAL_DRAWS = 100
"""Random draws of which one must make a pattern that can be trained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is searched, on what, for what.

    Args:
        tasks: the loaded tasks by label, the one that gives the shape first.
        proxy: sizes of the proxy.
        shape: what all patterns have in common.
        space: where patterns are sampled from.
        target: the model that costs are counted for.
        full_cost: the cost of full attention on it.
        scores: what training measures.
        objectives: what is weighed.
        baselines: named patterns, evaluated in every study.
    """

    tasks: Mapping[str, Task]
    proxy: ProxySettings
    shape: Shape
    space: Space
    target: Target
    full_cost: Cost
    scores: tuple[Score, ...]
    objectives: tuple[Objective, ...]
    baselines: dict[str, ModelPattern]

    @property
    def task(self) -> Task:
        """The task that gives the study its shape."""
        return next(iter(self.tasks.values()))

    def sample(self, suggest: Suggester) -> ModelPattern:
        """A pattern of the space, which must have the study's shape.

        Raises:
            PatternError: the suggested values make no valid pattern, or none that a task can be learnt with.
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
        made = (pattern.num_layers, pattern.num_heads, pattern.causal, pattern.grid)
        wanted = (self.shape.num_layers, self.shape.num_heads, self.shape.causal, self.shape.grid)
        if made != wanted:
            raise InputError("space", f"must sample patterns with (layers, heads, causal, grid) = {wanted}", made)
        self.check_fit(pattern)
        return pattern

    def check_fit(self, pattern: ModelPattern) -> None:
        """Refuse a pattern that cannot be trained on every task.

        Raises:
            PatternError: the message names the part of the pattern, and the task.
        """
        for task in self.tasks.values():
            check_fit(pattern, task, self.proxy)

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
    check_objectives(settings.objectives, settings.training.test_lengths)
    tasks = make_tasks(settings)
    task = next(iter(tasks.values()))
    scores = make_scores(tasks, settings.training.test_lengths)
    objectives = make_objectives(settings.objectives, scores, settings.task_quality)
    proxy = settings.proxy
    shape = Shape(
        num_layers=proxy.num_layers,
        num_heads=proxy.num_heads,
        num_tokens=task.num_tokens,
        causal=task.causal,
        grid=task.grid,
        context=all(other.train_batch(0, 1, 0).context is not None for other in tasks.values()),
    )
    target = settings.target or own_target(proxy, task)
    if task.grid and target.num_tokens != task.num_tokens:
        allowed = f"must be {task.num_tokens}, the tokens of the task's grid of {task.grid[0]} x {task.grid[1]}"
        raise InputError("target.num_tokens", allowed, target.num_tokens, "Use target=proxy.")
    space = load_space(settings.space.attribute, settings.space.options)
    baselines = baselines_for(space, shape)
    problem = Problem(
        tasks=tasks,
        proxy=proxy,
        shape=shape,
        space=space,
        target=target,
        full_cost=count_cost(baselines["full"], target),
        scores=scores,
        objectives=objectives,
        baselines=baselines,
    )
    for pattern in baselines.values():
        problem.check_fit(pattern)
    _draw_on_trial(problem)
    return problem


def _draw_on_trial(problem: Problem) -> None:
    """Draw until a pattern can be trained, so that options which never make one are told before anything is."""
    for draw in range(TRIAL_DRAWS):
        try:
            problem.sample(RandomSuggester(draw))
            return
        except PatternError as error:
            refused = error
    raise refused


def _place(error: Exception) -> str:
    """The line of the user's space that the error came through: the frame next to ours."""
    frames = traceback.extract_tb(error.__traceback__)
    frame = frames[min(1, len(frames) - 1)]
    return f"{frame.filename}:{frame.lineno}"


def _told(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
