"""Asynchronous successive halving for several objectives: which trials are promoted from which rung.

After Li et al. 2020 (ASHA): a rung promotes the best 1/ratio of the trials that have reached it, as soon as they are
known, without waiting for others. Three things are ours. No rung promotes more than its share, however ranks change
while it fills. Candidates are ranked by their forecast at the last rung, by non-dominated fronts, and taken from strata
of equal density in turn, since dense patterns start slowly and would otherwise be dropped together. And a rung that
does not agree with the next one promotes every trial.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, zip_longest

from nas.search.scheduler.forecast import LEAST_TRIALS
from nas.statistics.pareto import Point, fronts

NUM_STRATA = 3
"""Strata of density: sparse, middling, dense."""
LEAST_AGREEMENT = 0.5
"""If Kendall's tau-b between a rung and the next one is below this, no trial is dropped at that rung."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One candidate for promotion.

    Args:
        number: of its trial.
        rung: index of the highest rung that it has scores at.
        busy: whether it is currently training to the next rung.
        density: attention FLOPs, in any unit.
        point: its forecast at the last rung, every objective to be minimised, quality first.
    """

    number: int
    rung: int
    busy: bool
    density: float
    point: Point


def promotions(
    standings: Sequence[Standing],
    num_rungs: int,
    ratio: int,
    agreements: Mapping[int, float | None],
    *,
    more_to_come: bool = True,
) -> list[int]:
    """The trials to promote now: all from one rung, the highest that promotes any, best first.

    Args:
        standings: every candidate.
        num_rungs: rungs in all.
        ratio: a rung promotes one trial in `ratio`.
        agreements: tau-b of each rung (by index) with the next one; None where it is unknown.
        more_to_come: whether further trials will be proposed.
    """
    for rung in reversed(range(num_rungs - 1)):
        there = [standing for standing in standings if standing.rung >= rung]
        quota = _quota(len(there), rung, ratio, agreements.get(rung), more_to_come)
        # Ranks change while a rung fills. Without this count far more than the share would pass: 17 of 20 in a test.
        room = quota - sum(standing.rung > rung or standing.busy for standing in there)
        waiting = [one.number for one in ranked(there)[:quota] if one.rung == rung and not one.busy]
        if waiting and room > 0:
            return waiting[:room]
    return []


def _quota(num_there: int, rung: int, ratio: int, agreement: float | None, more_to_come: bool) -> int:
    """How many of the trials that have reached a rung it promotes.

    While its agreement is unknown, the lowest rung promotes as many as it takes to estimate it, and the others none. If
    the agreement stays unknown, or is poor, every trial is promoted.
    """
    if agreement is None and more_to_come:
        return min(num_there, LEAST_TRIALS) if rung == 0 else 0
    if agreement is None or agreement < LEAST_AGREEMENT:
        return num_there
    return num_there // ratio


def ranked(standings: Sequence[Standing]) -> list[Standing]:
    """The standings in order: the best of every stratum, then the second of every stratum, and so on."""
    turns = zip_longest(*(_by_front(stratum) for stratum in _strata(standings)))
    return [standing for standing in chain.from_iterable(turns) if standing is not None]


def _strata(standings: Sequence[Standing]) -> list[list[Standing]]:
    """Parts of nearly equal size, the sparsest first."""
    ordered = sorted(standings, key=lambda standing: (standing.density, standing.number))
    edges = [len(ordered) * part // NUM_STRATA for part in range(NUM_STRATA + 1)]
    return [ordered[low:high] for low, high in pairwise(edges)]


def _by_front(standings: Sequence[Standing]) -> list[Standing]:
    levels = fronts([standing.point for standing in standings])
    order = sorted(range(len(standings)), key=lambda index: (levels[index], standings[index].point, index))
    return [standings[index] for index in order]
