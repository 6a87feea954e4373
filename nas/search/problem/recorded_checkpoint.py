"""A checkpoint as the records of its study know it: patterns are drawn, counted and described without its weights."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nas.costs.counting import count_cost
from nas.costs.target import Target
from nas.errors import PatternError
from nas.evaluation.settings import CheckpointSettings
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full
from nas.patterns.stretch import stretched
from nas.results.objective import COSTS
from nas.results.phase import PatternPhase
from nas.results.survey import Survey
from nas.results.trial import Param
from nas.search.modelling.features import pretrained_features
from nas.search.problem.backbone import surveyed
from nas.search.problem.deployment import deployment
from nas.search.settings import StudySettings
from nas.space.load import load_space
from nas.space.random_suggester import RandomSuggester
from nas.space.space import Shape

COUNTED = ("flops", "tile_flops", "kv_cache_bytes")
"""Costs whose shares of full attention depend on the sizes of a model only by its layers, its heads and its length."""


@dataclass(frozen=True, slots=True)
class RecordedCheckpoint:
    """A checkpoint as far as its study's records know it.

    Args:
        shape: of its patterns, one head for every KV head.
        target: with its layers, heads and length; its other sizes are made up, and decide no share of `COUNTED`.
        num_heads: query heads of a layer.
    """

    shape: Shape
    target: Target
    num_heads: int

    @classmethod
    def of(cls, survey: Survey, settings: StudySettings, num_heads: int) -> "RecordedCheckpoint":
        """The checkpoint of a study."""
        assert isinstance(settings.evaluation, CheckpointSettings), "only checkpoints are surveyed"
        shape = Shape(
            num_layers=survey.num_layers,
            num_heads=survey.num_heads,
            num_tokens=survey.num_tokens,
            causal=True,
            weighted=True,
        )
        own = Target(
            name="",
            num_tokens=settings.evaluation.cost_tokens or survey.num_tokens,
            num_layers=survey.num_layers,
            num_heads=num_heads,
            num_kv_heads=survey.num_heads,
            d_model=1,
            d_head=1,
            d_mlp=1,
            block=settings.target.block if settings.target else 128,
        )
        target = settings.target if isinstance(settings.target, Target) else own
        return cls(surveyed(shape, survey), target, num_heads)

    def features(self, patterns: Sequence[ModelPattern]) -> NDArray[np.float64]:
        """What the study's model reads of them, shape (patterns, f)."""
        heads_per_kv = self.num_heads // self.shape.num_heads
        return pretrained_features(patterns, self.shape.num_tokens, heads_per_kv, self.shape.sensitivity)

    def shares(self, pattern: ModelPattern, phase: PatternPhase) -> dict[str, float]:
        """The costs in COUNTED as shares of full attention's."""
        full = stretched(ModelPattern.of([(HeadGroup(1, (Full(),)),)]), self.shape.num_layers, self.num_heads)
        ratios = count_cost(pattern, self.target, phase=phase).ratio_to(count_cost(full, self.target))
        return {name: ratios[COSTS[name][0]] for name in COUNTED}

    def draws(self, settings: StudySettings, num: int) -> Iterator[tuple[dict[str, Param], ModelPattern]]:
        """Patterns of the study's space that every target of `deployable_by` can represent, with their values.

        Args:
            settings: of the study.
            num: draws; those that make no valid pattern are left out.
        """
        space = load_space(settings.space.attribute, settings.space.options)
        targets = deployment(settings.deployable_by)
        shape = replace(self.shape, serving=targets.rules)
        for seed in range(num):
            suggester = RandomSuggester(seed)
            try:
                pattern = stretched(space.sample(suggester, shape), shape.num_layers, self.num_heads)
                targets.check(pattern)
            except PatternError:
                continue
            yield dict(suggester.params), pattern
