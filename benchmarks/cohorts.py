"""What it costs a search to propose many trials at once, before any of them is known: cohorts, replayed.

    python benchmarks/cohorts.py tables/tabular-text.jsonl

Every size of a round is replayed by the product's own driver with one worker, in one of the worlds of
`default_search.py`. After a quarter of the trials, a half and so on, the front is judged by its true values, as a share
of the true front's hypervolume. Steps are counted twice: of all trials, which is what a CPU pays, and in turn, where
all members of a cohort take a step at once, which a GPU with room for them comes near.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import torch
from search_methods.search import interval
from search_methods.whole_study import replay_study
from search_methods.world import WORLDS, World, world_of

from nas.search.concurrency import Concurrency
from nas.search.settings import FidelitySettings

LEAST_ROUND = 4
"""Trials in the first round of a rule: what the sampler draws at random anyway."""
SIZES, MOST = (1, 2, 4, 6, 8, 12, 16), 16
"""Sizes of rounds, and what a GPU trains at most at once."""
PLACES = (0.25, 0.5, 0.75, 1.0)
"""Shares of the trials after which the front is judged."""


@dataclass(frozen=True, kw_only=True)
class Rounds(Concurrency):
    """Rounds that are as large as a rule allows.

    Args:
        num_trials: of the study.
        known: share of the known trials that a round does not exceed, unless it is no larger than LEAST_ROUND; None for
            no such rule.
        left: the same of the trials that are left, but for a round of one.
    """

    num_trials: int
    known: float | None = None
    left: float | None = None

    def asked_at_once(self, num_known: int) -> int:
        """Trials in the next round."""
        limits = [self.cohort_size]
        if self.known is not None:
            limits.append(max(LEAST_ROUND, int(self.known * num_known)))
        if self.left is not None:
            limits.append(max(1, int(self.left * (self.num_trials - num_known))))
        return min(limits)


def rules(num_trials: int) -> dict[str, Rounds]:
    """What is compared, by name."""
    one = Rounds(num_workers=1, cohort_size=MOST, num_trials=num_trials)
    fixed = {str(size): replace(one, cohort_size=size) for size in SIZES if size <= num_trials}
    return fixed | {"a quarter of those left": replace(one, left=0.25), "half of those known": replace(one, known=0.5)}


@dataclass(frozen=True)
class Reached:
    """What one search came to.

    Args:
        shares: of the true hypervolume, after each of PLACES of the trials.
        num_steps: optimiser steps of all trials.
        num_steps_in_turn: the same where all members of a cohort take a step at once.
    """

    shares: tuple[float, ...]
    num_steps: int
    num_steps_in_turn: int


def reached(world: World, name: str, num_trials: int, seed: int) -> Reached:
    """Replay and judge one search, its front not confirmed."""
    rounds = rules(num_trials)[name]
    off = FidelitySettings(num_patterns=0)
    settings = replace(world.settings, seed=seed, num_trials=num_trials, confirm_seeds=0, fidelity=off)
    moments = replay_study(world, settings, rounds).moments
    at = [[one for one in moments if one.num_trials <= place * num_trials] for place in PLACES]
    judge = world.judge_of(seed)
    shares = tuple(world.share(found[-1].chosen, judge) if found else 0.0 for found in at)
    return Reached(shares, moments[-1].num_steps, moments[-1].num_steps_in_turn)


def line(world: str, num_trials: int, name: str, found: Sequence[Reached]) -> str:
    """A row of the report."""
    shares = [interval([one.shares[place] for one in found]) for place in range(len(PLACES))]
    steps = [np.mean([one.num_steps for one in found]), np.mean([one.num_steps_in_turn for one in found])]
    cells = [f"{mean:.3f} ({low:.3f} to {high:.3f})" for mean, low, high in shares] + [f"{one:,.0f}" for one in steps]
    return "| " + " | ".join([world, str(num_trials), name, *cells]) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--trials", type=int, nargs="+", default=[24, 100])
    parser.add_argument("--world", choices=WORLDS, nargs="+", default=["table"])
    parser.add_argument("--rules", default="", help="only these, by comma")
    parser.add_argument("--seeds", type=int, default=32, help="searches")
    options = parser.parse_args()
    torch.set_num_threads(1)
    heads = ["world", "trials", "at once", *(f"after {place:.0%}" for place in PLACES), "steps", "steps in turn"]
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    for world, num_trials in product(options.world, options.trials):
        for name in rules(num_trials):
            if not options.rules or name in options.rules.split(","):
                place = world_of(world, options.table)
                found = [reached(place, name, num_trials, seed) for seed in range(options.seeds)]
                print(line(world, num_trials, name, found), flush=True)


if __name__ == "__main__":
    main()
