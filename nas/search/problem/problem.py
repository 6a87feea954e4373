"""The problem that a study's settings stand for, built and checked before anything is written or trained."""

import logging
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from nas.costs.counting import count_cost, estimate_cost
from nas.costs.native import NATIVE
from nas.costs.parameters import target_parameters
from nas.costs.target import Target
from nas.errors import InputError, NasError, first_line
from nas.evaluation.evaluator import fingerprints
from nas.patterns.model import ModelPattern
from nas.results.cost import Cost
from nas.results.objective import Score
from nas.results.phase import PatternPhase
from nas.results.survey import Losses, Survey
from nas.search.modelling.features import expected_columns, pattern_features, predicted_effects, pretrained_features
from nas.search.problem.backbone import Backbone, make_backbone
from nas.search.problem.deployment import Deployment, deployment
from nas.search.problem.larger import LargerModel, larger_model
from nas.search.problem.native import native_forms
from nas.search.problem.study_target import study_target
from nas.search.problem.trial_draws import draw_on_trial
from nas.search.scoring.objectives import Goal, make_objectives
from nas.search.scoring.projection import horizons
from nas.search.scoring.scores import make_scores
from nas.search.settings import StudySettings
from nas.space.baselines import baselines_for
from nas.space.load import load_space
from nas.space.needs import Needs
from nas.space.space import Shape, Space, Suggester
from nas.tasks.task import Task

_LOG = logging.getLogger(__name__)


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
        phase: where patterns are used.
        deployment: the targets that every pattern must be exportable to.
        native: what the baseline `native` stands for in the target; None without one.
        larger: the model one size up on which some patterns are checked; None if none are.
    """

    backbone: Backbone
    space: Space
    target: Target
    full_cost: Cost
    scores: tuple[Score, ...]
    objectives: tuple[Goal, ...]
    baselines: dict[str, ModelPattern]
    phase: PatternPhase = "both"
    deployment: Deployment = field(default_factory=Deployment)
    native: ModelPattern | None = None
    larger: LargerModel | None = None

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

    @property
    def larger_step(self) -> float:
        """FLOP of a training step of the larger model with full attention, as a multiple of the own model's; or 0."""
        if self.larger is None:
            return 0.0
        grown = self.larger.proxy.target(self.larger.num_tokens, self.task.vocab_size)
        full = self.baselines["full"]
        return count_cost(full, grown).train_flops / count_cost(full, self.backbone.target).train_flops

    def sample(self, suggest: Suggester) -> ModelPattern:
        """A pattern of the space, which must have the study's shape, as the model that is trained has it.

        Raises:
            PatternError: the suggested values make no valid pattern, or none that a task can be learned with, or none
                that the model is long enough for, or none that every target of deployable_by can represent.
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
        pattern = self.backbone.trained(pattern)
        self.backbone.check_fit(pattern)
        self.deployment.check(self.backbone.meant(pattern))
        return pattern

    def features(self, patterns: Sequence[ModelPattern]) -> NDArray[np.float64]:
        """Patterns as features for a regression, shape (patterns, f); head by head too where heads have weights."""
        num_tokens = self.backbone.num_tokens
        if not self.shape.weighted:
            return pattern_features(patterns, num_tokens)
        return pretrained_features(patterns, num_tokens, self._heads_per_kv, self.shape.sensitivity)

    def expected(self, patterns: Sequence[ModelPattern]) -> NDArray[np.float64]:
        """The effects of patterns as losses that a score shows, shape (patterns, 2 or 0)."""
        return expected_columns(self.effects(patterns))

    def effects(self, patterns: Sequence[ModelPattern]) -> NDArray[np.float64]:
        """What a survey predicts that patterns add to full attention's losses, shape (patterns, 2 or 0).

        See `nas.space.sensitivity.Sensitivity.effects`.
        """
        return predicted_effects(patterns, self.backbone.num_tokens, self._heads_per_kv, self.shape.sensitivity)

    def predicted(self, pattern: ModelPattern) -> Losses | None:
        """The effects of one pattern; None without a survey."""
        if self.shape.sensitivity is None:
            return None
        text, needle = (float(effect) for effect in self.effects([pattern])[0])
        return Losses(text=text, needle=needle if self.shape.sensitivity.knows_needles else None)

    @property
    def _heads_per_kv(self) -> int:
        return self.backbone.num_heads // self.shape.num_heads

    def try_out(self, pattern: ModelPattern) -> None:
        """Count a pattern and take its features, so that a pattern that makes either fail does so before it is used."""
        self.cost(pattern)
        self.features([pattern])

    def cost(self, pattern: ModelPattern) -> Cost:
        """What a sampled pattern costs on the target, as it is meant there."""
        return self.cost_of(self.backbone.meant(pattern))

    def cost_of(self, meant: ModelPattern) -> Cost:
        """What a pattern costs that is already as the target has it."""
        return count_cost(meant, self.target, phase=self.phase)

    def estimated_cost(self, pattern: ModelPattern) -> Cost:
        """About that; for the many patterns that a sampler weighs and never samples."""
        return estimate_cost(self.backbone.meant(pattern), self.target, self.phase)

    def meant(self, pattern: ModelPattern, baseline: str | None) -> ModelPattern:
        """What a pattern, of a baseline or a sampled one, stands for in the target."""
        return self.native if baseline == NATIVE and self.native else self.backbone.meant(pattern)


def make_problem(settings: StudySettings) -> Problem:
    """Build and check what the settings stand for.

    Raises:
        InputError: a setting is wrong; the message names it.
    """
    targets = deployment(settings.deployable_by)
    backbone = make_backbone(settings)
    tasks, shape = backbone.tasks, backbone.shape
    if targets.names:
        Needs(causal=True).check("deployable_by", shape)
    task = next(iter(tasks.values()))
    scores, objectives = scores_and_objectives(settings, backbone)
    target = study_target(settings, backbone.target, task)
    space = load_space(settings.space.attribute, settings.space.options)
    # Baselines are those of the model that is trained: what they are in the target follows from that.
    own = replace(shape, num_tokens=backbone.num_tokens, grain=1)
    baselines = {name: backbone.widened(pattern) for name, pattern in _baselines(space, own).items()}
    native = native_forms(backbone, target)
    if native is not None:
        baselines[NATIVE], _ = native
    problem = Problem(
        backbone=backbone,
        space=space,
        target=target,
        full_cost=count_cost(backbone.meant(baselines["full"]), target),
        scores=scores,
        objectives=objectives,
        baselines=baselines,
        phase=settings.evaluation.phase,
        deployment=targets,
        native=native[1] if native else None,
        larger=larger_model(settings, backbone.num_tokens),
    )
    for pattern in baselines.values():
        backbone.check_fit(pattern)
    draw_on_trial(problem.sample, targets.names)
    fitting = _deployable_baselines(problem)
    if lost := [name for name in baselines if name not in fitting]:
        _LOG.warning("Left out, as %s cannot represent them: %s.", " or ".join(targets.names), ", ".join(lost))
    return replace(problem, baselines=fitting)


def with_survey(problem: Problem, survey: Survey) -> Problem:
    """The problem with what a survey says of its checkpoint, where it was checked as if all heads were alike."""
    backbone = problem.backbone.with_survey(survey)
    baselines = {name: backbone.widened(one) for name, one in _baselines(problem.space, backbone.shape).items()}
    native = {NATIVE: problem.baselines[NATIVE]} if NATIVE in problem.baselines else {}
    surveyed = replace(problem, backbone=backbone, baselines=baselines | native)
    return replace(surveyed, baselines=_deployable_baselines(surveyed))


def _deployable_baselines(problem: Problem) -> dict[str, ModelPattern]:
    """The baselines that every target of deployable_by can represent."""
    every = problem.baselines.items()
    return {name: one for name, one in every if problem.deployment.allows(problem.meant(one, name))}


def scores_and_objectives(settings: StudySettings, backbone: Backbone) -> tuple[tuple[Score, ...], tuple[Goal, ...]]:
    """What training measures and what it is measured for.

    Args:
        settings: of a study.
        backbone: that they stand for.

    Raises:
        InputError: an objective is of a length that a task cannot have.
    """
    ahead = horizons(
        backbone.tasks,
        [settings.task, *settings.extra_tasks],
        settings.evaluation,
        settings.training,
        target_parameters(backbone.target),
        settings.project_to,
    )
    scores = make_scores(backbone.tasks, settings.training.test_lengths, ahead)
    return scores, make_objectives(settings.objectives, scores, settings.task_quality)


def _baselines(space: Space, shape: Shape) -> dict[str, ModelPattern]:
    try:
        return baselines_for(space, shape)
    except NasError:
        raise
    except Exception as error:  # whatever the space has in place of names
        raise InputError("space.baselines", "must be a tuple of names of baselines", first_line(error)) from error


def _place(error: Exception) -> str:
    """The line of the user's space that raised the error: the innermost one in the file that we called."""
    ours, *theirs = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in theirs if frame.filename == theirs[0].filename]
    frame = own[-1] if own else ours
    return f"{frame.filename}:{frame.lineno}"
