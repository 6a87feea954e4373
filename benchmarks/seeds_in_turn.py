"""Whether patterns should share a seed or take seeds in turn: rankings by drawn scores, judged by a known truth.

    python benchmarks/seeds_in_turn.py tables/tabular-text.jsonl

Luck that similar patterns share within a seed is no noise that a model of their scores can average out; with seeds in
turn it is, but then what a seed does to all patterns alike tells them apart. Scores are drawn with a table's noise
(`search_methods/noise.py`) and projected as a search projects them. Some patterns are drawn and ranked by one draw for
all, and by several in turn, as they are and by estimates; tau-b with the truth at the last rung judges both. Last come
two seeds for every pattern, which cost twice as much.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from search_methods.report import table_lines
from search_methods.search import interval
from search_methods.truth import Truth, load

from nas.search.modelling.posterior import posterior
from nas.statistics.rank_agreement import kendall_tau

Array = NDArray[np.float64]
NUM_DRAWS = 60
"""Of the table's noise."""
NUMS = (24, 60)
"""Patterns that are ranked."""
NUM_SEEDS = (2, 3, 4)
"""Seeds in turn."""


class Scores:
    """The drawn scores of a table's patterns at one rung.

    Args:
        path: of the table.
        rung: in optimiser steps.
    """

    def __init__(self, path: Path, rung: int) -> None:
        table, problem, truth = load(path, NUM_DRAWS, project=True)
        patterns = {entry.pattern.id: entry.pattern for entry in table.plan.entries}
        ids = list(truth.values)
        self.true = np.array([truth.values[one][0] for one in ids])
        self.drawn = _drawn(truth, ids, rung)
        self.features = problem.features([patterns[one] for one in ids])
        self.noise = float(self.drawn.std(axis=1, ddof=1).mean())

    def taus(self, chosen: NDArray[np.intp], draw: int) -> list[float]:
        """Of some patterns: as they are and estimated, by one seed, by each of NUM_SEEDS in turn, and by two each."""
        places = np.arange(len(chosen))
        own = self.drawn[chosen]
        rankings = [own[:, draw]]
        rankings += [own[places, (draw + places % num) % NUM_DRAWS] for num in NUM_SEEDS]
        rankings.append((own[:, draw] + own[:, (draw + 1) % NUM_DRAWS]) / 2)
        seeds = [1.0] * (len(rankings) - 1) + [2.0]
        found = []
        for values, num in zip(rankings, seeds, strict=True):
            estimated = posterior(self.features[chosen], values, np.full(len(chosen), num), self.noise).mean
            found += [self._tau(values, chosen), self._tau(estimated, chosen)]
        return found

    def _tau(self, values: Array, chosen: NDArray[np.intp]) -> float:
        return kendall_tau(values.tolist(), self.true[chosen].tolist()) or 0.0


def _drawn(truth: Truth, ids: Sequence[str], rung: int) -> Array:
    return np.array([[truth.by_rung[one, seed, rung] for seed in truth.seeds] for one in ids])


def rows(path: Path, num_samples: int) -> Iterator[list[str]]:
    """Rungs and numbers of patterns: tau of one seed for all, and what the others add to it."""
    rungs = load(path)[2].rungs
    for rung in rungs[-3:-1]:
        scores = Scores(path, rung)
        for num in NUMS:
            generator = np.random.default_rng(0)
            found = np.array(
                [
                    scores.taus(generator.permutation(len(scores.true))[:num], index % NUM_DRAWS)
                    for index in range(num_samples)
                ]
            )
            for place, name in enumerate(("as they are", "estimated")):
                one, *others = found[:, place::2].T
                yield [f"{rung:,}", str(num), name, f"{one.mean():.3f}", *(_gain(other - one) for other in others)]


def _gain(differences: Array) -> str:
    middle, low, high = interval(differences.tolist())
    return f"{middle:+.3f} ({low:+.3f} to {high:+.3f})"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--samples", type=int, default=120, help="drawings of patterns a row (120)")
    options = parser.parse_args()
    turns = [f"{num} in turn" for num in NUM_SEEDS]
    heads = ["steps", "patterns", "ranked", "tau, one seed", *turns, "two each"]
    print("\n".join(table_lines(heads, rows(options.table, options.samples))))


if __name__ == "__main__":
    main()
