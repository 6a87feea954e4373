"""NePS's MO-ASHA, and PriMO, which starts with it and then weighs a model's asks with priors (Basu et al. 2025)."""

import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import neps
import numpy as np
import torch
from neps.optimizers.algorithms import moasha, primo
from neps.space import SearchSpace
from neps.space.parameters import HPOCategorical, HPOInteger

from nas.results.trial import Param
from search_methods.libraries.arena import Arena
from search_methods.priors import SECOND
from search_methods.search import Search

FIDELITY = "num_steps"
RATIO = 2
"""Between rungs, as in the tables."""
CONFIDENCE = 0.5
"""In every value of a prior."""


def search(path: Path, num_draws: int, seed: int, *, algorithm: str, num_trials: int) -> Search:
    """One worker; what is proposed again is known and costs nothing.

    Args:
        path: of the table.
        num_draws: see `load`.
        seed: of the search.
        algorithm: moasha, or primo with a prior for every objective.
        num_trials: patterns.
    """
    arena = Arena(path, num_draws, seed)
    started = time.process_time()
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    optimizer = neps.AskAndTell(_optimizer(algorithm, arena))
    for _ in range(num_trials * len(arena.truth.rungs)):  # some proposals are of known patterns
        trial = optimizer.ask()
        params = {name: _value(trial.config[name], options) for name, options in arena.options.items()}
        identity = arena.identity(params)
        rung = min(arena.truth.rungs, key=lambda own: abs(own - int(trial.config[FIDELITY])))
        # NePS does not go on after a trial without values, so what the table lacks gets the worst ones.
        values = arena.truth.worst if identity is None else arena.train(identity, rung)
        optimizer.tell(trial, {"objective_to_minimize": list(values)})
        if len(arena.reached) == num_trials:
            break
    return arena.search(time.process_time() - started)


def _optimizer(algorithm: str, arena: Arena) -> Any:
    rungs = arena.truth.rungs
    parameters: dict[str, Any] = {name: _parameter(options) for name, options in arena.options.items()}
    space = SearchSpace(parameters | {FIDELITY: HPOInteger(rungs[0], rungs[-1], is_fidelity=True)})
    if algorithm == "moasha":
        return moasha(space, eta=RATIO)
    priors = {"quality": _growing(arena), "cost": _narrow(arena)}
    confidences = {name: dict.fromkeys(prior, CONFIDENCE) for name, prior in priors.items()}
    return primo(space, eta=RATIO, prior_centers=priors, prior_confidences=confidences)


def _growing(arena: Arena) -> dict[str, Any]:
    """The narrowest windows first and the widest last, and nothing else: what the field expects to be good."""
    return _narrow(arena) | {SECOND: len(arena.options[SECOND]) - 1}


def _narrow(arena: Arena) -> dict[str, Any]:
    """The narrowest windows everywhere, and nothing else: what is cheap."""
    return {name: "none" if _is_word(options) else 0 for name, options in arena.options.items()}


def _parameter(options: Sequence[Param]) -> Any:
    """Words as they are, and places of numbers."""
    return HPOCategorical(list(options)) if _is_word(options) else HPOInteger(0, len(options) - 1)


def _value(suggested: Any, options: Sequence[Param]) -> Param:
    """The value that NePS's own stands for."""
    return str(suggested) if _is_word(options) else options[int(suggested)]


def _is_word(options: Sequence[Param]) -> bool:
    return isinstance(options[0], str)
