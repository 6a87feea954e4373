"""BoTorch's MOMF, which chooses pattern and rung together (Irshad et al. 2021, arXiv 2112.13901).

Being trained for longer is an objective of its own, and what a run promises is divided by what it costs.
"""

import random
import time
from pathlib import Path

import torch
from botorch.acquisition.multi_objective.multi_fidelity import MOMF
from botorch.fit import fit_gpytorch_mll
from botorch.models import ModelList, SingleTaskGP
from botorch.models.deterministic import GenericDeterministicModel
from botorch.utils.multi_objective.box_decompositions.non_dominated import FastNondominatedPartitioning
from botorch.utils.multi_objective.hypervolume import infer_reference_point
from botorch.utils.multi_objective.pareto import is_non_dominated
from gpytorch.mlls import ExactMarginalLogLikelihood
from torch import Tensor

from nas.statistics.pareto import nondominated
from search_methods.libraries.arena import Arena
from search_methods.libraries.botorch_nehvi import NUM_RANDOM, encoded
from search_methods.search import Search

MOST_RUNS = 8.0
"""Full runs that a search may spend, as the rule of our own that this is compared with."""

Run = tuple[str, int]
"""A pattern, and the rung that it is trained to."""


def search(path: Path, num_draws: int, seed: int, *, num_trials: int) -> Search:
    """Runs are taken until they add up to MOST_RUNS full ones.

    Args:
        path: of the table.
        num_draws: see `load`.
        seed: of the search.
        num_trials: not used: how many patterns are tried follows from what is spent.
    """
    arena = Arena(path, num_draws, seed)
    started = time.process_time()
    torch.manual_seed(seed)
    momf = _Momf(arena)
    first = arena.truth.rungs[0]
    for identity in random.Random(seed).sample(sorted(arena.params), NUM_RANDOM):
        momf.train((identity, first))
    while arena.spent < MOST_RUNS * arena.truth.full_run_flops and (runs := momf.open_runs()):
        momf.fit()
        momf.train(momf.best(runs))
        arena.choose(momf.front())
    return arena.search(time.process_time() - started)


class _Momf:
    """What is known, and a Gaussian process of it over patterns and rungs."""

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._patterns = {identity: encoded(arena, identity) for identity in sorted(arena.params)}
        self._scores: dict[Run, float] = {}

    def train(self, run: Run) -> None:
        """Look a run up."""
        self._scores[run] = self._arena.train(*run)[0]

    def open_runs(self) -> list[Run]:
        """Everything that could be trained next: every pattern to every rung beyond its longest."""
        reached = self._arena.reached
        return [
            (identity, rung)
            for identity in self._patterns
            for rung in self._arena.truth.rungs
            if rung > reached.get(identity, 0)
        ]

    def fit(self) -> None:
        """Fit the model to all runs."""
        known = self._inputs(list(self._scores))
        values = -torch.tensor(list(self._scores.values()), dtype=torch.double)[:, None]
        self._quality = SingleTaskGP(known, values)
        fit_gpytorch_mll(ExactMarginalLogLikelihood(self._quality.likelihood, self._quality))
        exact = GenericDeterministicModel(lambda x: torch.cat([-x[..., -3:-1], x[..., -1:]], -1), num_outputs=3)
        self._model = ModelList(self._quality, exact)

    def best(self, runs: list[Run]) -> Run:
        """The run that promises most hypervolume for its FLOPs, that of longer training included."""
        with torch.no_grad():
            known = self._model.posterior(self._inputs(list(self._scores))).mean
            reference = infer_reference_point(known[is_non_dominated(known)])
            reference[-1] = 0.0
            acquisition = MOMF(
                model=self._model,
                ref_point=reference,
                partitioning=FastNondominatedPartitioning(reference, Y=known),
                cost_call=lambda x: torch.ones_like(x[..., :1]),  # what a run costs depends on where its pattern is
            )
            gains = acquisition(self._inputs(runs)[:, None])
        costs = torch.tensor([self._arena.flops(*run) for run in runs], dtype=torch.double)
        return runs[int((gains / costs).argmax())]

    def front(self) -> list[str]:
        """The front of what the model expects of all trained patterns at the last rung."""
        known, last = list(self._arena.reached), self._arena.truth.rungs[-1]
        with torch.no_grad():
            expected = -self._quality.posterior(self._inputs([(one, last) for one in known])).mean[:, 0]
        costs = [self._arena.truth.values[one][1:] for one in known]
        points = [(quality, *own) for quality, own in zip(expected.tolist(), costs, strict=True)]
        return [known[index] for index in nondominated(points)]

    def _inputs(self, runs: list[Run]) -> Tensor:
        """Patterns with the place of the rung, as a share of all rungs, behind them."""
        rungs = self._arena.truth.rungs
        return torch.stack(
            [
                torch.cat(
                    [self._patterns[one], torch.tensor([(rungs.index(rung) + 1) / len(rungs)], dtype=torch.double)]
                )
                for one, rung in runs
            ]
        )
