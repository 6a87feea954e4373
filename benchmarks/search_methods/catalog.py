"""All search methods that are compared."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from search_methods.asha import mo_asha
from search_methods.driven import driven
from search_methods.orders import by_cost_alone, by_shared_weights
from search_methods.search import Search

FIRST_VERSION = {"sampler": "tpe, 10 random", "num_rungs": 1, "num_steps": 480}
"""What the first version of this project did: 24 patterns, no rungs, ranked as they are."""
MAKE_SEARCH = {"sampler": "ehvi", "num_rungs": 2, "num_steps": 960}
"""What conf/preset/quick.yaml does, with 24 patterns."""
METHODS: dict[str, tuple[Callable[..., Search], dict[str, Any]]] = {
    "random": (driven, {"sampler": "random", "num_rungs": 1}),
    "Optuna TPE, default": (driven, {"sampler": "tpe, univariate", "num_rungs": 1}),
    "Optuna TPE, multivariate": (driven, {"sampler": "tpe, 10 random", "num_rungs": 1}),
    "TPE, multivariate, 4 random": (driven, {"sampler": "tpe", "num_rungs": 1}),
    "Optuna NSGA-II": (driven, {"sampler": "nsga2", "num_rungs": 1}),
    "Optuna GP": (driven, {"sampler": "gp, 10 random", "num_rungs": 1}),
    "GP, 4 random": (driven, {"sampler": "gp", "num_rungs": 1}),
    "Pareto mutation": (driven, {"sampler": "mutation", "num_rungs": 1}),
    "ehvi": (driven, {"sampler": "ehvi", "num_rungs": 1}),
    "pairs alone": (by_cost_alone, {"key": "pairs"}),
    "parameter count alone": (by_cost_alone, {"key": "parameters"}),
    "shared weights": (by_shared_weights, {}),
    "MO-ASHA": (mo_asha, {"ratio": 2}),
    "halving, random": (driven, {"sampler": "random", "num_rungs": 5}),
    "halving, TPE": (driven, {"sampler": "tpe", "num_rungs": 5}),
    "halving, NSGA-II": (driven, {"sampler": "nsga2", "num_rungs": 5}),
    "halving, GP": (driven, {"sampler": "gp", "num_rungs": 5}),
    "halving, Pareto mutation": (driven, {"sampler": "mutation", "num_rungs": 5}),
    "halving, ehvi": (driven, {"sampler": "ehvi", "num_rungs": 5}),
    "halving from 960 steps, ehvi": (driven, {"sampler": "ehvi", "num_rungs": 3}),
    "ehvi, 960 steps": (driven, MAKE_SEARCH | {"num_rungs": 1}),
    "halving from 240 to 960 steps, ehvi": (driven, MAKE_SEARCH | {"num_rungs": 3}),
    "first version": (driven, FIRST_VERSION),
    "first version, 24 patterns": (driven, FIRST_VERSION | {"num_trials": 24}),
    "make search": (driven, MAKE_SEARCH),
    "make search, 24 patterns": (driven, MAKE_SEARCH | {"num_trials": 24}),
}
"""What is compared: how a curve is made, and with what."""


def one_search(task: tuple[str, Path, int | None, int, int]) -> tuple[str, Search]:
    """One method with one seed."""
    name, path, num_seeds, seed, num_trials = task
    make, options = METHODS[name]
    return name, make(path, num_seeds, seed, **{"num_trials": num_trials} | options)
