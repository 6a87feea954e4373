"""Search methods of other libraries, none of them a dependency: a module runs where its library is installed."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from search_methods.search import Search

NEEDED = {"botorch_nehvi": "botorch", "botorch_momf": "botorch", "syne_tune_moasha": "syne_tune", "neps_search": "neps"}
"""The package that each module imports."""


def is_there(module: str) -> bool:
    """Whether a module's library is installed."""
    return find_spec(NEEDED[module]) is not None


def by_library(path: Path, num_draws: int, seed: int, *, module: str, **options: Any) -> Search:
    """One search by a module of this package."""
    found: Search = import_module(f"search_methods.libraries.{module}").search(path, num_draws, seed, **options)
    return found
