"""Asynchronous halving over several objectives, as published."""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nas.proxy.training.schedule import branch_start
from nas.statistics.pareto import fronts
from search_methods.search import Chosen, Search
from search_methods.truth import Truth, load


def mo_asha(path: Path, num_draws: int, seed: int, *, num_trials: int, ratio: int) -> Search:
    """Asynchronous halving over several objectives as published: random draws, fronts of raw scores, epsilon-net.

    Schmucker et al. 2021 (arXiv 2106.12639). One worker; a rung lets through its best 1/ratio.
    """
    table, _, truth = load(path, num_draws)
    flops, training = truth.step_flops, table.training
    draw = random.Random(seed)
    new = draw.sample(sorted(truth.values), min(num_trials, len(truth.values)))
    rungs = truth.rungs
    reached: list[list[str]] = [[] for _ in rungs]
    promoted: list[set[str]] = [set() for _ in rungs]
    spent = 0.0
    moments: list[Chosen] = []
    while True:
        identity, rung = None, 0
        for level in reversed(range(len(rungs) - 1)):
            order = epsilon_net([truth.observed(one, seed, rungs[level]) for one in reached[level]])
            best = [reached[level][index] for index in order[: len(order) // ratio]]
            waiting = [one for one in best if one not in promoted[level]]
            if waiting:
                identity, rung = waiting[0], level + 1
                promoted[level].add(identity)
                break
        if identity is None:
            if not new:
                return Search(tuple(moments), truth.tau(_raw_scores(reached, truth, seed)))
            identity, rung = new.pop(), 0
        trunk = branch_start(rungs[rung - 1], training) if rung else 0
        spent += flops[identity] * (rungs[rung] - trunk)
        reached[rung].append(identity)
        if reached[-1]:
            moments.append(Chosen(spent, tuple(truth.observed_front(reached[-1], seed, rungs[-1]))))


def _raw_scores(reached: Sequence[Sequence[str]], truth: Truth, seed: int) -> dict[str, float]:
    """The last score of every pattern."""
    last = {identity: rung for rung, ids in zip(truth.rungs, reached, strict=True) for identity in ids}
    return {identity: truth.observed(identity, seed, rung)[0] for identity, rung in last.items()}


def epsilon_net(points: Sequence[tuple[float, ...]]) -> list[int]:
    """Indices, front by front; within a front the point furthest from those taken comes next."""
    if not points:
        return []
    scaled = np.array(points, dtype=float)
    spread = scaled.max(axis=0) - scaled.min(axis=0)
    scaled = (scaled - scaled.min(axis=0)) / np.where(spread > 0, spread, 1)
    levels = fronts(points)
    order: list[int] = []
    for level in range(max(levels) + 1):
        left = [index for index, own in enumerate(levels) if own == level]
        own = [left.pop(0)]
        while left:
            distances = [min(float(np.linalg.norm(scaled[index] - scaled[taken])) for taken in own) for index in left]
            own.append(left.pop(int(np.argmax(distances))))
        order += own
    return order
