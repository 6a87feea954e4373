"""Methods that train patterns fully, in an order that is known before."""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from nas.statistics.pareto import fronts
from search_methods.search import Curve, Search
from search_methods.shared_scores import SHARED_STEPS, shared_scores
from search_methods.truth import Truth, load


def by_cost_alone(path: Path, num_seeds: int | None, seed: int, *, key: str, num_trials: int) -> Search:
    """A zero-cost ranking: quality is taken to be a cost, so every choice is trained that spreads over it evenly.

    `pairs` takes more pairs to be better; `parameters` finds all patterns alike, so it draws at random.
    """
    _, _, truth = load(path, num_seeds)
    draw = random.Random(seed)
    ids = sorted(truth.values, key=lambda one: (truth.values[one][1] if key == "pairs" else 0.0, draw.random()))
    order = _spread(ids)[:num_trials]
    return _trained_fully(order, truth, seed)


def by_shared_weights(path: Path, num_seeds: int | None, seed: int, *, num_trials: int) -> Search:
    """Shared weights are trained and score every pattern; then fronts of their scores are trained fully, best first."""
    _, _, truth = load(path, num_seeds)
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
    seen: list[str] = []
    curve: Curve = []
    num_chosen = []
    for identity in order:
        spent += truth.step_flops[identity] * truth.rungs[-1]
        seen.append(identity)
        chosen = truth.observed_front(seen, seed, truth.rungs[-1])
        curve.append((spent, truth.share(chosen)))
        num_chosen.append(len(chosen))
    ranked = {identity: truth.observed(identity, seed, truth.rungs[-1])[0] for identity in seen}
    return Search(curve, truth.tau(ranked), tuple(num_chosen))
