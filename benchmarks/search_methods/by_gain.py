"""Pattern, rung and seed chosen together: what promises most hypervolume for its FLOPs is trained next.

In the spirit of MOMF (Irshad et al. 2021, arXiv 2112.13901), where fidelity is chosen with the pattern, but by what a
measurement would teach: of every training run that could be made next, the surrogate says how far it would move the
forecast of the last rung, and the run is taken that raises the hypervolume of the forecast front most per FLOP, as
a knowledge gradient of the pattern's own forecast. A run is the first rung of a new pattern, the next one of a known
pattern, or a further seed of one that has the last rung.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nas.proxy.training.schedule import branch_start
from nas.search.modelling.surrogate import Surrogate
from nas.search.samplers.improvement import expected_hypervolume_improvement
from nas.search.samplers.outlook import LEAST_TRAINED
from nas.statistics.pareto import nondominated
from search_methods.noise import Array
from search_methods.search import Chosen, Search
from search_methods.truth import MARGIN, Truth, load

MOST_SEEDS = 3
"""Seeds of one pattern."""


@dataclass(frozen=True, slots=True)
class Step:
    """A training run that could come next.

    Args:
        index: of the pattern.
        rung: index of the rung that it is trained to.
        again: whether it is a further seed, trained from the start.
        deviation: how far the forecast is expected to move.
    """

    index: int
    rung: int
    again: bool
    deviation: float


class GainSearch:
    """One search.

    Args:
        path: of the table.
        num_draws: see `load`.
        seed: of the search.
        rungs: that runs may be trained to, in optimiser steps.
    """

    def __init__(self, path: Path, num_draws: int, seed: int, rungs: Sequence[int]) -> None:
        table, problem, self.truth = load(path, num_draws, project=True)
        patterns = {entry.pattern.id: entry.pattern for entry in table.plan.entries}
        self.ids, self._rungs, self._seed, self._training = list(self.truth.values), rungs, seed, table.training
        self._features = problem.features([patterns[identity] for identity in self.ids])
        self._costs = np.array([self.truth.values[identity][1:] for identity in self.ids])
        self._values = np.full((len(self.ids), len(rungs)), np.nan)
        self._scores: list[list[float]] = [[] for _ in self.ids]
        self._start = np.random.default_rng(seed).permutation(len(self.ids))[:LEAST_TRAINED].tolist()
        self.spent = 0.0

    def step(self) -> None:
        """Choose a training run and look it up."""
        if self._start:
            self._train(Step(self._start.pop(), 0, again=False, deviation=0.0))
            return
        steps = self._steps()
        gains = self._gains(steps)
        worth = [gain / self._flops(step) for step, gain in zip(steps, gains, strict=True)]
        self._train(steps[int(np.argmax(worth))])

    @property
    def known(self) -> NDArray[np.intp]:
        """Indices of the patterns that were trained."""
        return np.flatnonzero(~np.isnan(self._values[:, 0]))

    def forecast(self) -> Array:
        """Of every known pattern at the last rung, shape (known,)."""
        return self._surrogate().predict(self._features[self.known], self._values[self.known]).mean

    def chosen(self) -> Chosen:
        """The front of these forecasts."""
        points = [tuple(row) for row in np.column_stack([self.forecast(), self._costs[self.known]]).tolist()]
        return Chosen(self.spent, tuple(self.ids[self.known[index]] for index in nondominated(points)))

    def _surrogate(self) -> Surrogate:
        return Surrogate(self._features[self.known], self._values[self.known], self._rungs)

    def _steps(self) -> list[Step]:
        """Everything that could be trained next."""
        surrogate, last = self._surrogate(), len(self._rungs) - 1
        before = surrogate.predict(self._features, self._values)
        reached = (~np.isnan(self._values)).sum(axis=1)
        after = self._values.copy()
        open_ = np.flatnonzero(reached <= last)
        after[open_, reached[open_]] = before.mean[open_]  # what it shows matters to the mean alone
        noise = surrogate.predict_jointly(self._features[:1], np.full((1, len(self._rungs)), np.nan)).noise
        left = np.where(reached < last, surrogate.predict(self._features, after).deviation ** 2, noise)
        moved = np.sqrt(np.maximum(before.deviation**2 - left, 0.0))
        steps = [Step(int(one), int(reached[one]), again=False, deviation=float(moved[one])) for one in open_]
        for one in np.flatnonzero((reached > last) & (np.array([len(own) for own in self._scores]) < MOST_SEEDS)):
            num = len(self._scores[one])
            steps.append(Step(int(one), last, again=True, deviation=float(np.sqrt(noise / num - noise / (num + 1)))))
        return steps

    def _gains(self, steps: Sequence[Step]) -> list[float]:
        """What each step is expected to add to the hypervolume of the forecast front."""
        mean, known = self._surrogate().predict(self._features, self._values).mean, set(self.known.tolist())
        reference = self._reference(mean)
        new = [step for step in steps if step.index not in known]
        of_new = iter(self._improvements(mean, sorted(known), new, reference)[0].tolist())
        gains = []
        for step in steps:
            if step.index in known:
                expected, certain = self._improvements(mean, sorted(known - {step.index}), [step], reference)
                gains.append(float(expected[0] - certain[0]))
            else:
                gains.append(next(of_new))  # what was never trained is on no front
        return gains

    def _improvements(
        self, mean: Array, others: Sequence[int], steps: Sequence[Step], reference: Array
    ) -> tuple[Array, Array]:
        """What the patterns of steps add to others: expected after the steps, and by the forecasts as they are."""
        own = [step.index for step in steps]
        deviation = np.array([step.deviation for step in steps])
        front = mean[others], self._costs[others]
        expected, certain = (
            expected_hypervolume_improvement(*front, mean[own], spread, self._costs[own], reference)
            for spread in (deviation, np.zeros_like(deviation))
        )
        return expected, certain

    def _reference(self, mean: Array) -> Array:
        """A little beyond all costs and the forecast front's qualities, as in `ehvi`."""
        points, known = np.column_stack([mean, self._costs]), self.known
        front = nondominated([tuple(row) for row in points[known].tolist()])
        worst = np.array([mean[known][front].max(), *self._costs.max(axis=0)])
        reference: Array = worst + MARGIN * np.ptp(points, axis=0)
        return reference

    def _flops(self, step: Step) -> float:
        rung = self._rungs[step.rung]
        if step.again:
            branch = self._rungs[step.rung - 1] if step.rung else 0
            steps = rung + (branch - branch_start(branch, self._training) if branch else 0)
        else:
            steps = rung - (branch_start(self._rungs[step.rung - 1], self._training) if step.rung else 0)
        return self.truth.step_flops[self.ids[step.index]] * steps

    def _train(self, step: Step) -> None:
        self.spent += self._flops(step)
        seed = self._seed + len(self._scores[step.index])
        value = self.truth.observed(self.ids[step.index], seed, self._rungs[step.rung])[0]
        if step.rung == len(self._rungs) - 1:
            own = self._scores[step.index]
            own.append(value)
            value = float(np.mean(own))
        self._values[step.index, step.rung] = value


def by_gain(
    path: Path, num_draws: int, seed: int, *, num_rungs: int, num_steps: int, num_trials: int, most_runs: float = 8.0
) -> Search:
    """Steps are taken until their FLOPs add up to some full runs.

    Args:
        path: of the table.
        num_draws: see `load`.
        seed: of the search.
        num_rungs: up to `num_steps`.
        num_steps: of the longest runs; a rung of the table.
        num_trials: not used: what a search tries follows from what it spends.
        most_runs: full runs.
    """
    truth: Truth = load(path, num_draws)[2]
    place = truth.rungs.index(num_steps)
    search = GainSearch(path, num_draws, seed, truth.rungs[max(0, place + 1 - num_rungs) : place + 1])
    moments = []
    while search.spent < most_runs * truth.full_run_flops:
        search.step()
        moments.append(search.chosen())
    forecast = search.forecast()
    ranked = {search.ids[one]: value for one, value in zip(search.known, forecast.tolist(), strict=True)}
    return Search(tuple(moments), truth.tau(ranked))
