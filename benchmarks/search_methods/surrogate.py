"""A surrogate benchmark: a model of the table that stands in for the training of patterns that the table lacks.

As in NAS-Bench-301 (Zela et al. 2022). The model is a random forest over features of the pattern, and not the chain of
regressions that searches forecast with, so that no search knows its world's model. Noise has the covariance over rungs
that the table's seeds have.
"""

import random
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from replay import ReplayExecutor
from sklearn.ensemble import RandomForestRegressor

from nas.costs.target import Target
from nas.ground_truth.file import Table
from nas.patterns.model import ModelPattern
from nas.proxy.settings import TrainingSettings
from nas.results.measurement import Measurement, Outcome
from search_methods.noise import rung_root
from search_methods.simulated import curves_of
from search_methods.truth import Truth

NUM_TREES = 100


class TableForest:
    """What a table lets expect of any pattern of its shape, at every rung of the table.

    Args:
        table: whole.
        truth: of it.
        features: of patterns, shape (patterns, f).
    """

    def __init__(
        self, table: Table, truth: Truth, features: Callable[[Sequence[ModelPattern]], NDArray[np.float64]]
    ) -> None:
        self.rungs, self._features = truth.rungs, features
        patterns = [entry.pattern for entry in table.plan.entries]
        curves = curves_of(table, patterns)
        self._forest = RandomForestRegressor(NUM_TREES, random_state=0).fit(features(patterns), curves.mean(axis=1))
        self._root = rung_root(curves)
        self._means: dict[str, tuple[float, ...]] = {}

    def mean(self, pattern: ModelPattern) -> tuple[float, ...]:
        """Its expected quality at every rung."""
        self.predict([pattern])
        return self._means[pattern.id]

    def predict(self, patterns: Sequence[ModelPattern]) -> None:
        """Predict many patterns at once, which is faster than one by one."""
        new = [pattern for pattern in patterns if pattern.id not in self._means]
        if new:
            curves = self._forest.predict(self._features(new)).tolist()
            self._means |= {pattern.id: tuple(curve) for pattern, curve in zip(new, curves, strict=True)}

    def measured(self, pattern: ModelPattern, seed: int, rung: int) -> float:
        """Its quality as a run with some seed would measure it at a rung; always the same."""
        draw = random.Random(f"{pattern.id} {seed}")
        noise = self._root @ np.array([draw.gauss(0, 1) for _ in self.rungs])
        place = self.rungs.index(rung)
        return self.mean(pattern)[place] + float(noise[place])


class SurrogateExecutor(ReplayExecutor):
    """Jobs end with what the forest predicts.

    Args:
        forest: of a table.
        seeds: the seed of the noise that stands for each seed of the study.
        training: see `ReplayExecutor`.
        proxy: see `ReplayExecutor`.
    """

    def __init__(
        self, forest: TableForest, seeds: Mapping[int, int], training: TrainingSettings, proxy: Target
    ) -> None:
        super().__init__((), seeds, training, proxy)
        self.forest = forest

    def known(self, pattern: ModelPattern, seed: int, rung: int) -> Measurement:
        """What the forest says of a pattern."""
        return Measurement(
            seed=seed,
            learning_rate=0.0,
            step=rung,
            outcome=Outcome.FINISHED,
            quality=self.forest.measured(pattern, seed, rung),
            train_loss=0.0,
            wall_seconds=0.0,
            longer=(),
        )
