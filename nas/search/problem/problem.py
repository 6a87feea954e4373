"""The problem that a study's settings stand for, built and checked before anything is written or trained."""

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nas.costs.counting import count_cost
from nas.costs.target import Target
from nas.errors import InputError, NasError, first_line
from nas.evaluation.evaluator import fingerprints
from nas.patterns.model import ModelPattern
from nas.results.cost import Cost
from nas.results.objective import Score
from nas.search.modelling.features import head_features, pattern_features
from nas.search.problem.backbone import Backbone, make_backbone
from nas.search.scoring.objectives import Goal, make_objectives
from nas.search.scoring.scores import make_scores
from nas.search.settings import StudySettings
from nas.space.baselines import baselines_for
from nas.space.load import load_space
from nas.space.random_suggester import RandomSuggester
from nas.space.space import Shape, Space, Suggester
from nas.tasks.task import Task

TRIAL_DRAWS = 100
"""Random draws of which at least one must make a pattern that can be trained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is searched, on which model and tasks, for which objectives.

    Args:
        backbone: the model that patterns are evaluated on.
        space: where patterns are sampled from.
        target: the model that costs are counted for.
        full_cost: the cost of full attention on it.
        scores: what training measures.
        objectives: the axes of the front.
        baselines: named patterns, evaluated in every study.
    """

    backbone: Backbone
    space: Space
    target: Target
    full_cost: Cost
    scores: tuple[Score, ...]
    objectives: tuple[Goal, ...]
    baselines: dict[str, ModelPattern]

    @property
    def tasks(self) -> Mapping[str, Task]:
        """The loaded tasks by label, the one that gives the shape first."""
        return self.backbone.tasks

    @property
    def shape(self) -> Shape:
        """What a space fills."""
        return self.backbone.shape

    @property
    def task(self) -> Task:
        """The task that gives the study its shape."""
        return next(iter(self.tasks.values()))

    @property
    def fingerprints(self) -> dict[str, str]:
        """Hashes of everything beyond the settings that results depend on, by what they are of."""
        return fingerprints(self.tasks, self.backbone.fingerprint)

    def sample(self, suggest: Suggester) -> ModelPattern:
        """A pattern of the space, which must have the study's shape, for the heads of the model.

        Raises:
            PatternError: the suggested values make no valid pattern, or none that a task can be learned with.
            InputError: the space's options do not go with the shape, or the space failed or returned anything else.
        """
        try:
            pattern = self.space.sample(suggest, self.shape)
        except NasError:
            raise
        except Exception as error:
            raise InputError("space", f"must sample without an error at {_place(error)}", first_line(error)) from error
        if not isinstance(pattern, ModelPattern):
            raise InputError("space", "must sample a ModelPattern", type(pattern).__name__)
        made = (pattern.num_layers, pattern.num_heads, pattern.causal, pattern.grid)
        wanted = (self.shape.num_layers, self.shape.num_heads, self.shape.causal, self.shape.grid)
        if made != wanted:
            raise InputError("space", f"must sample patterns with (layers, heads, causal, grid) = {wanted}", made)
        pattern = self.backbone.widened(pattern)
        self.backbone.check_fit(pattern)
        return pattern

    def features(self, patterns: Sequence[ModelPattern]) -> NDArray[np.float64]:
        """Patterns as features for a regression, shape (patterns, f); head by head too where heads have weights."""
        of_layers = pattern_features(patterns, self.shape.num_tokens)
        if not self.shape.weighted:
            return of_layers
        of_heads = head_features(patterns, self.shape.num_tokens)
        alike = self.backbone.num_heads // self.shape.num_heads
        return np.concatenate([of_layers, of_heads[:, ::alike]], axis=1)

    def try_out(self, pattern: ModelPattern) -> None:
        """Count a pattern and take its features, so that a pattern that makes either fail does so before it is used."""
        self.cost(pattern)
        self.features([pattern])

    def cost(self, pattern: ModelPattern) -> Cost:
        """What a pattern costs on the target."""
        return count_cost(pattern, self.target)


def make_problem(settings: StudySettings) -> Problem:
    """Build and check what the settings stand for.

    Raises:
        InputError: a setting is wrong; the message names it.
    """
    backbone = make_backbone(settings)
    tasks, shape = backbone.tasks, backbone.shape
    task = next(iter(tasks.values()))
    scores = make_scores(tasks, settings.training.test_lengths)
    objectives = make_objectives(settings.objectives, scores, settings.task_quality)
    target = settings.target if isinstance(settings.target, Target) else backbone.target
    if task.grid and target.num_tokens != task.num_tokens:
        allowed = f"must be {task.num_tokens}, the tokens of the task's grid of {task.grid[0]} x {task.grid[1]}"
        raise InputError("target.num_tokens", allowed, target.num_tokens, "Use target=proxy.")
    _check_tiles(settings, target)
    space = load_space(settings.space.attribute, settings.space.options)
    baselines = {name: backbone.widened(pattern) for name, pattern in _baselines(space, shape).items()}
    problem = Problem(
        backbone=backbone,
        space=space,
        target=target,
        full_cost=count_cost(baselines["full"], target),
        scores=scores,
        objectives=objectives,
        baselines=baselines,
    )
    for pattern in baselines.values():
        backbone.check_fit(pattern)
    _draw_on_trial(problem)
    return problem


def _check_tiles(settings: StudySettings, target: Target) -> None:
    """Refuse to search by tiles where every head of every pattern has one.

    Raises:
        InputError: tiles are an objective or have a budget, and the target's sequence is no longer than its block.
    """
    if "tile_flops" in settings.objectives:
        where = "objectives"
    elif settings.constraints.tile_ratio is not None:
        where = "constraints.tile_ratio"
    else:
        return
    if target.num_tokens > target.block:
        return
    allowed = f"must leave tiles out, since all patterns have one tile of {target.block} x {target.block} in each head"
    remedy = "Choose a longer target, such as target=llama-3-8b-32k, or "
    remedy += "lower target.block." if settings.target else "raise task.num_tokens."
    raise InputError(where, allowed, f"{target.num_tokens} tokens", remedy)


def _baselines(space: Space, shape: Shape) -> dict[str, ModelPattern]:
    try:
        return baselines_for(space, shape)
    except NasError:
        raise
    except Exception as error:  # whatever the space has in place of names
        raise InputError("space.baselines", "must be a tuple of names of baselines", first_line(error)) from error


def _draw_on_trial(problem: Problem) -> None:
    """Draw until a pattern can be trained, so that a space which never makes one is refused before the search."""
    for draw in range(TRIAL_DRAWS):
        try:
            problem.sample(RandomSuggester(draw))
            return
        except NasError as error:
            refused = error
    raise refused


def _place(error: Exception) -> str:
    """The line of the user's space that raised the error: the innermost one in the file that we called."""
    ours, *theirs = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in theirs if frame.filename == theirs[0].filename]
    frame = own[-1] if own else ours
    return f"{frame.filename}:{frame.lineno}"
