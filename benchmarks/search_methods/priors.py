"""Choices that need no search: patterns that are known to be good before any of them is trained."""

import random
from collections.abc import Callable
from pathlib import Path

from nas.errors import InputError
from nas.results.table import TableEntry
from search_methods.orders import trained_in_order
from search_methods.projections import projection_overhead
from search_methods.search import Chosen, Search
from search_methods.truth import load

FIRST, SECOND = "first_half.window_tokens", "second_half.window_tokens"
"""Parameters of `space=tabular`: the windows of each half of the layers, in keys."""


def narrow_first(entry: TableEntry, narrowest: int) -> bool:
    """A table's narrowest window in the first half of the layers, any in the second, and nothing else.

    This prior is hindsight: which first window is best was read off the shipped table.
    """
    return _windows_alone(entry) and _window(entry, FIRST) == narrowest


def growing(entry: TableEntry, narrowest: int) -> bool:
    """Windows that do not shrink with depth, and nothing else: published before any table was built.

    Sukhbaatar et al. 2019, section 4: spans that are learnt are short in low layers and long in high ones.
    """
    return _windows_alone(entry) and _window(entry, FIRST) <= _window(entry, SECOND)


def untrained(
    path: Path, num_draws: int, seed: int, *, prior: Callable[[TableEntry, int], bool], at_random: bool, num_trials: int
) -> Search:
    """All patterns of a prior are chosen, and none is trained.

    Args:
        path: of the table.
        num_draws: see `load`.
        seed: of the search.
        prior: whether a pattern of the table belongs to it, given the table's narrowest window.
        at_random: choose as many random patterns of the table instead.
        num_trials: not used: a prior has as many patterns as it has.
    """
    _, _, truth = load(path, num_draws)
    ids = of_prior(path, num_draws, prior)
    if at_random:
        ids = random.Random(seed).sample(sorted(truth.values), len(ids))
    return Search((Chosen(0.0, tuple(ids)),), None)


def trained(
    path: Path,
    num_draws: int,
    seed: int,
    *,
    prior: Callable[[TableEntry, int], bool],
    num_steps: int,
    num_trials: int,
    project: bool = False,
) -> Search:
    """The patterns of a prior are trained in random order, as many steps each; the front of their scores is chosen."""
    table, _, truth = load(path, num_draws, project=project)
    ids = of_prior(path, num_draws, prior)
    random.Random(seed).shuffle(ids)
    overhead = projection_overhead(table, num_steps) if project else 1.0
    return trained_in_order(ids[:num_trials], truth, seed, num_steps, overhead=overhead)


def of_prior(path: Path, num_draws: int, prior: Callable[[TableEntry, int], bool]) -> list[str]:
    """Ids of the patterns of a table that belong to a prior.

    Raises:
        InputError: the table is not of `space=tabular`, or none of its patterns belongs.
    """
    table, _, truth = load(path, num_draws)
    entries = [one for one in table.plan.entries if one.pattern.id in truth.values and FIRST in one.params]
    narrowest = min((_window(one, FIRST) for one in entries), default=0)
    ids = sorted(one.pattern.id for one in entries if prior(one, narrowest))
    if not ids:
        raise InputError(str(path), "must have patterns of space=tabular with windows alone", len(entries))
    return ids


def _windows_alone(entry: TableEntry) -> bool:
    return entry.params["num_global_tokens"] == 0 and entry.params["second_kind"] == "none"


def _window(entry: TableEntry, name: str) -> int:
    return int(entry.params[name])
