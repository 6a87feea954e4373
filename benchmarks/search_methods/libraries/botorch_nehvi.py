"""BoTorch's noisy expected hypervolume improvement (Daulton et al. 2021; its logarithm, Ament et al. 2023)."""

import random
import time
from pathlib import Path

import torch
from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
from botorch.fit import fit_gpytorch_mll
from botorch.models import ModelList, SingleTaskGP
from botorch.models.deterministic import GenericDeterministicModel
from botorch.optim import optimize_acqf_discrete
from botorch.utils.multi_objective.hypervolume import infer_reference_point
from botorch.utils.multi_objective.pareto import is_non_dominated
from gpytorch.mlls import ExactMarginalLogLikelihood
from torch import Tensor

from search_methods.libraries.arena import Arena
from search_methods.search import Search

NUM_RANDOM = 4
"""Patterns before the model, as our own sampler has."""


def search(path: Path, num_draws: int, seed: int, *, num_trials: int, num_steps: int, project: bool = False) -> Search:
    """Every pattern is trained to one rung; costs are known exactly, and candidates are all patterns of the table."""
    arena = Arena(path, num_draws, seed, project=project)
    started = time.process_time()
    torch.manual_seed(seed)
    inputs = {identity: encoded(arena, identity) for identity in sorted(arena.params)}
    left = random.Random(seed).sample(sorted(inputs), len(inputs))
    scores: dict[str, tuple[float, ...]] = {}
    for number in range(min(num_trials, len(inputs))):
        identity = left.pop(_best(inputs, scores, left) if number >= NUM_RANDOM else -1)
        scores[identity] = arena.train(identity, num_steps)
    return arena.search(time.process_time() - started)


def _best(inputs: dict[str, Tensor], scores: dict[str, tuple[float, ...]], left: list[str]) -> int:
    """The place of the next pattern among those that are left."""
    known = torch.stack([inputs[identity] for identity in scores])
    values = -torch.tensor(list(scores.values()), dtype=torch.double)
    quality = SingleTaskGP(known, values[:, :1])
    fit_gpytorch_mll(ExactMarginalLogLikelihood(quality.likelihood, quality))
    model = ModelList(quality, GenericDeterministicModel(lambda x: -x[..., -2:], num_outputs=2))
    acquisition = qLogNoisyExpectedHypervolumeImprovement(
        model=model,
        ref_point=infer_reference_point(values[is_non_dominated(values)]),
        X_baseline=known,
        prune_baseline=True,
    )
    choices = torch.stack([inputs[identity] for identity in left])
    chosen, _ = optimize_acqf_discrete(acquisition, q=1, choices=choices)
    return int((choices == chosen).all(dim=-1).nonzero()[0])


def encoded(arena: Arena, identity: str) -> Tensor:
    """Ranks of numbers, one-hot words, and both costs; every value from 0 to 1."""
    numbers: list[float] = []
    for name, options in arena.options.items():
        value = arena.params[identity][name]
        if isinstance(value, str):
            numbers += [float(value == option) for option in options]
        else:
            numbers.append(options.index(value) / max(1, len(options) - 1))
    return torch.tensor([*numbers, *arena.truth.values[identity][1:]], dtype=torch.double)
