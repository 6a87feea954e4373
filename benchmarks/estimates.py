"""What estimates are worth: patterns ranked by one seed of a table, as measured and as estimated, judged by the other.

    python benchmarks/estimates.py tables/tabular-text.jsonl

Draws some patterns of a table, as a study has some, and takes one seed's qualities at one rung. The other seed judges:
by Kendall's tau-b at the last rung; by the hypervolume of the front that would be chosen, as a share of that of its
own front among these patterns (reference: the worst of each objective); and by how many of its values at the same rung
the intervals hold. docs/decisions/0022 has our figures.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap
from search_methods.truth import Truth, load

from nas.search.modelling.features import pattern_features
from nas.search.modelling.posterior import posterior
from nas.statistics.pareto import hypervolume, nondominated
from nas.statistics.rank_agreement import kendall_tau, pooled_deviation

Array = NDArray[np.float64]
NUMS = (8, 12, 24, 60)
MOST = 1.645
"""Standard deviations on either side that hold 90%."""


class Sides:
    """What a table's seeds say of its patterns.

    Args:
        path: of the table; less must be better in it.
    """

    def __init__(self, path: Path) -> None:
        table, _, self.truth = load(path)
        patterns = {entry.pattern.id: entry.pattern for entry in table.plan.entries}
        self.ids = [identity for identity in patterns if identity in self.truth.values]
        self.features = pattern_features([patterns[one] for one in self.ids], table.task.num_tokens)

    def judged(self, chosen: Array, rung: int, seed: int, judge: int) -> tuple[float, ...]:
        """Some patterns by one seed, judged by the other.

        Returns:
            tau as measured and as estimated, share of the front as measured and as estimated, share of values held.
        """
        ids = [self.ids[index] for index in chosen]
        seen, again, last = (
            np.array([self.truth.by_rung[one, own, step] for one in ids])
            for own, step in ((seed, rung), (judge, rung), (judge, self.truth.rungs[-1]))
        )
        noise = _noise(self.truth, rung)
        found = posterior(self.features[chosen], seen, np.ones(len(ids)), noise)
        # A seed's luck that all patterns share moves none against another.
        errors = (again - again.mean()) - (found.mean - seen.mean())
        costs = [self.truth.values[one][1:] for one in ids]
        return (
            kendall_tau(seen.tolist(), last.tolist()) or 0.0,
            kendall_tau(found.mean.tolist(), last.tolist()) or 0.0,
            _share(seen, last, costs),
            _share(found.mean, last, costs),
            float((np.abs(errors) < MOST * np.hypot(found.deviation, noise)).mean()),
        )


def _noise(truth: Truth, rung: int) -> float:
    groups = [[truth.by_rung[one, seed, rung] for seed in truth.seeds] for one in truth.values]
    return pooled_deviation(groups) or 0.0


def _share(ranking: Array, judge: Array, costs: list[tuple[float, float]]) -> float:
    """What the front by a ranking is worth by the judge, as a share of the judge's own front."""
    points = [(float(quality), *cost) for quality, cost in zip(judge, costs, strict=True)]
    reference = tuple(map(max, zip(*points, strict=True)))
    chosen = nondominated([(float(quality), *cost) for quality, cost in zip(ranking, costs, strict=True)])
    return hypervolume([points[index] for index in chosen], reference) / hypervolume(points, reference)


def rows(sides: Sides, num_draws: int) -> Iterator[str]:
    """Rows by rung and number of patterns; differences with their 95% bootstrap intervals over drawings."""
    seeds = sides.truth.seeds[:2]
    for rung in sides.truth.rungs[-3:]:
        for num in (*NUMS, len(sides.ids)):
            draw = np.random.default_rng(0)
            found = np.array(
                [
                    sides.judged(np.sort(draw.permutation(len(sides.ids))[:num]), rung, seed, judge)
                    for _ in range(num_draws if num < len(sides.ids) else 1)
                    for seed, judge in (seeds, seeds[::-1])
                ]
            )
            cells = [str(rung), str(num)]
            for place in (0, 2):
                before, after = found[:, place], found[:, place + 1]
                cells += [f"{before.mean():.3f}", f"{after.mean():.3f}", _interval(after - before)]
            yield "| " + " | ".join([*cells, f"{fmean(found[:, 4]):.0%}"]) + " |"


def _interval(gains: Array) -> str:
    if len(gains) < 3:
        return f"{gains.mean():+.3f}"
    draw = np.random.default_rng(0)
    found = bootstrap((gains,), np.mean, method="percentile", rng=draw).confidence_interval
    return f"{gains.mean():+.3f} ({found.low:+.3f} to {found.high:+.3f})"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--draws", type=int, default=40, help="drawings of patterns a row (40)")
    arguments = parser.parse_args()
    print("| steps | patterns | tau, measured | tau, estimated | gain | front, measured | estimated | gain | held |")
    print("|---|---|---|---|---|---|---|---|---|")
    for row in rows(Sides(arguments.table), arguments.draws):
        print(row, flush=True)


if __name__ == "__main__":
    main()
