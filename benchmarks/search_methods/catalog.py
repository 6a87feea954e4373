"""All search methods that are compared."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from search_methods.asha import mo_asha
from search_methods.by_gain import by_gain
from search_methods.driven import driven
from search_methods.libraries import by_library, is_there
from search_methods.orders import by_cost_alone, by_shared_weights
from search_methods.priors import growing, narrow_first, trained, untrained
from search_methods.search import Search
from search_methods.truth import load

Methods = dict[str, tuple[Callable[..., Search], dict[str, Any]]]
"""How each method's search is made, and with what."""
OPTIMISERS = {
    "random": "random",
    "Optuna TPE": "tpe, univariate",
    "Optuna TPE, multivariate": "tpe, 10 random",
    "Optuna NSGA-II": "nsga2",
    "Optuna GP": "gp, 10 random",
    "GP, 4 random draws": "gp",
    "ehvi": "ehvi",
}
ONE_AT_A_TIME = {name: OPTIMISERS[name] for name in ("Optuna TPE, multivariate", "ehvi")}
"""Those that are replayed as well with every ask knowing all results, as other libraries' methods are."""
"""Samplers that are run at every horizon: all patterns are trained to it, and ranked by their scores there, as measured
or projected from it and the rung below (`projections.py`)."""
FIRST_VERSION = {"sampler": "tpe, 10 random", "num_rungs": 1, "num_steps": 480}
"""What the first version of this project did: 24 patterns, no rungs, ranked as they are."""
NUM_TRIALS_OF_GP = 24
"""Patterns of a GP search at a horizon: its asks take seconds each."""
SLOW = ("GP", "BoTorch", "PriMO")
"""Parts of the names of methods whose asks take that long."""
MOST_SEARCHES_OF_GP = 8
"""Searches by each of these."""


def at_horizon(name: str, num_steps: int, *, project: bool = False) -> str:
    """The name of a method whose training runs all have one length, and that ranks by projections or as measured."""
    return f"{name} x {num_steps:,}" + (", projected" if project else "")


def methods_for(rungs: Sequence[int]) -> Methods:
    """Every method, for a table with these rungs.

    Args:
        rungs: in optimiser steps, ascending; `make search` trains to a quarter of the last.
    """
    quarter = rungs[max(0, len(rungs) - 3)]
    make_search = {"sampler": "ehvi", "num_rungs": 2, "num_steps": quarter}  # conf/preset/quick.yaml, with 24 patterns
    return {
        **_at_every_horizon(rungs),
        **_of_libraries(rungs),
        "make search": (driven, make_search),
        "make search, as measured": (driven, make_search | {"project_to": 0}),
        "make search, 24 patterns": (driven, make_search | {"num_trials": 24}),
        "make search, one at a time": (driven, make_search | {"one_at_a_time": True}),
        "make search, two seeds in turn": (driven, make_search | {"num_seeds": 2}),
        "make search, three seeds in turn": (driven, make_search | {"num_seeds": 3}),
        "gain per FLOP": (by_gain, {"num_steps": quarter, "num_rungs": 2}),
        "gain per FLOP, all rungs": (by_gain, {"num_steps": rungs[-1], "num_rungs": len(rungs)}),
        "first version": (driven, FIRST_VERSION),
        "first version, 24 patterns": (driven, FIRST_VERSION | {"num_trials": 24}),
        "five narrow-first patterns, untrained": (untrained, {"prior": narrow_first, "at_random": False}),
        "five random patterns, untrained": (untrained, {"prior": narrow_first, "at_random": True}),
        "fifteen growing windows, untrained": (untrained, {"prior": growing, "at_random": False}),
        "fifteen random patterns, untrained": (untrained, {"prior": growing, "at_random": True}),
        "halving, random": (driven, {"sampler": "random", "num_rungs": len(rungs)}),
        "halving, TPE": (driven, {"sampler": "tpe", "num_rungs": len(rungs)}),
        "halving, NSGA-II": (driven, {"sampler": "nsga2", "num_rungs": len(rungs)}),
        "halving, Pareto mutation": (driven, {"sampler": "mutation", "num_rungs": len(rungs)}),
        "halving, ehvi": (driven, {"sampler": "ehvi", "num_rungs": len(rungs)}),
        "halving from a quarter, ehvi": (driven, {"sampler": "ehvi", "num_rungs": min(3, len(rungs))}),
        "Pareto mutation": (driven, {"sampler": "mutation", "num_rungs": 1}),
        "MO-ASHA": (mo_asha, {"ratio": 2}),
        "shared weights": (by_shared_weights, {}),
        "pairs alone": (by_cost_alone, {"key": "pairs"}),
        "parameter count alone": (by_cost_alone, {"key": "parameters"}),
    }


def _at_every_horizon(rungs: Sequence[int]) -> Methods:
    methods: Methods = {}
    for rung, project in _horizons(rungs):
        own = {"num_steps": rung, "project": project}
        for name, sampler in OPTIMISERS.items():
            limit = {"num_trials": NUM_TRIALS_OF_GP} if "gp" in sampler else {}
            methods[at_horizon(name, rung, project=project)] = (
                driven,
                {"sampler": sampler, "num_rungs": 1} | own | limit,
            )
        for name, sampler in ONE_AT_A_TIME.items():
            methods[at_horizon(f"{name}, one at a time", rung, project=project)] = (
                driven,
                {"sampler": sampler, "num_rungs": 1, "one_at_a_time": True} | own,
            )
        methods[at_horizon("growing windows", rung, project=project)] = (trained, {"prior": growing} | own)
    return methods


def _horizons(rungs: Sequence[int]) -> list[tuple[int, bool]]:
    """Lengths of runs, and whether they are projected from there."""
    return [*((rung, False) for rung in rungs), *((rung, True) for rung in rungs[1:])]


def _of_libraries(rungs: Sequence[int]) -> Methods:
    """Those whose libraries are installed."""
    methods: Methods = {
        "MO-ASHA of Syne Tune": (by_library, {"module": "syne_tune_moasha"}),
        "MO-ASHA of NePS": (by_library, {"module": "neps_search", "algorithm": "moasha"}),
        "PriMO of NePS": (by_library, {"module": "neps_search", "algorithm": "primo"}),
        "MOMF of BoTorch": (by_library, {"module": "botorch_momf"}),
    }
    for rung, project in _horizons(rungs):
        own = {"module": "botorch_nehvi", "num_steps": rung, "num_trials": NUM_TRIALS_OF_GP, "project": project}
        methods[at_horizon("qNEHVI of BoTorch", rung, project=project)] = (by_library, own)
    return {name: method for name, method in methods.items() if is_there(method[1]["module"])}


def num_searches(name: str, wanted: int) -> int:
    """Searches that are made by a method when so many are wanted."""
    return min(wanted, MOST_SEARCHES_OF_GP) if any(part in name for part in SLOW) else wanted


def one_search(name: str, path: Path, num_draws: int, seed: int, num_trials: int) -> Search:
    """One method with one seed.

    Args:
        name: of the method.
        path: of the table.
        num_draws: of the table's noise; 0 for its own seeds.
        seed: of the search, which also says which seed or draw of the table it sees.
        num_trials: patterns that it samples, unless the method says so itself.
    """
    _, _, truth = load(path, num_draws)
    make, options = methods_for(truth.rungs)[name]
    return make(path, num_draws, seed, **{"num_trials": num_trials} | options)
