"""Methods that train patterns in an order that is known before."""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from nas.statistics.pareto import fronts
from search_methods.search import Chosen, Search
from search_methods.shared_scores import SHARED_STEPS, shared_scores
from search_methods.truth import Truth, load


def by_cost_alone(path: Path, num_draws: int, seed: int, *, key: str, num_trials: int) -> Search:
    """A zero-cost ranking: quality is taken to be a cost, so every choice is trained that spreads over it evenly.

    `pairs` takes more pairs to be better; `parameters` finds all patterns alike, so it draws at random.
    """
    _, _, truth = load(path, num_draws)
    draw = random.Random(seed)
    ids = sorted(truth.values, key=lambda one: (truth.values[one][1] if key == "pairs" else 0.0, draw.random()))
    order = _spread(ids)[:num_trials]
    return _trained_fully(order, truth, seed)


def by_shared_weights(path: Path, num_draws: int, seed: int, *, num_trials: int) -> Search:
    """Shared weights are trained and score every pattern; then fronts of their scores are trained fully, best first."""
    _, _, truth = load(path, num_draws)
    scores = shared_scores(path, seed)
    costs = {identity: (scores[identity], *truth.values[identity][1:]) for identity in truth.values}
    ids = sorted(costs)
    levels = fronts([costs[identity] for identity in ids])
    draw = random.Random(seed)
    order = sorted(range(len(ids)), key=lambda index: (levels[index], draw.random()))
    steps_cost = SHARED_STEPS * float(np.mean(list(truth.step_flops.values())))
    search = _trained_fully([ids[index] for index in order[:num_trials]], truth, seed, spent=steps_cost)
    return replace(search, tau=truth.tau({identity: scores[identity] for identity in truth.values}))


def _spread(items: Sequence[str]) -> list[str]:
    """Both ends, the middle, the middles of the halves, and so on."""
    places = dict.fromkeys([0, len(items) - 1])
    step = 1.0
    while len(places) < len(items):
        step /= 2
        places |= dict.fromkeys(round(part * step * (len(items) - 1)) for part in range(1, int(1 / step)))
    return [items[place] for place in places]


def _trained_fully(order: Sequence[str], truth: Truth, seed: int, spent: float = 0.0) -> Search:
    return trained_in_order(order, truth, seed, truth.rungs[-1], spent)


def trained_in_order(
    order: Sequence[str], truth: Truth, seed: int, num_steps: int, spent: float = 0.0, overhead: float = 1.0
) -> Search:
    """Patterns are trained one after another, and those on the front of their scores are chosen.

    Args:
        order: ids.
        truth: of the table.
        seed: of the search.
        num_steps: of every pattern; a rung of the table.
        spent: training FLOPs before the first one.
        overhead: what every run costs as a multiple of its steps (`projection_overhead`).
    """
    moments = []
    for count, identity in enumerate(order, 1):
        spent += truth.step_flops[identity] * num_steps * overhead
        moments.append(Chosen(spent, tuple(truth.observed_front(order[:count], seed, num_steps))))
    ranked = {identity: truth.observed(identity, seed, num_steps)[0] for identity in order}
    return Search(tuple(moments), truth.tau(ranked))
