"""How well the last rung is forecast from the rungs before it: by scores as they are, power laws, and the product.

    python benchmarks/forecasts.py tables/tabular-text.jsonl

Hides the late rungs of a table. A few patterns drawn at random keep their whole curves, as in a study some trials are
trained to the end; the others keep their first rungs alone, and are forecast. Judged on those others: Kendall's tau-b
with the last rung, the error, and how many of them the intervals hold. docs/decisions/0017 has our figures.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from power_laws import extrapolate
from search_methods.shared_scores import SHARED_STEPS, SUFFIX, shared_scores

from nas.ground_truth.file import Table, read_table
from nas.ground_truth.qualities import Qualities
from nas.search.modelling.features import pattern_features
from nas.search.modelling.surrogate import Surrogate
from nas.statistics.rank_agreement import kendall_tau

Array = NDArray[np.float64]
Forecast = Callable[[Array], tuple[Array, Array | None]]
"""From values with gaps, shape (patterns, rungs), to the last rung and its standard deviation, shape (patterns,)."""
NUM_WHOLE = (0, 4, 16, 32)
HALF, MOST = 0.674, 1.645
"""Standard deviations on either side that hold 50% and 90%."""


@dataclass(frozen=True)
class Found:
    """What one forecast was worth.

    Args:
        tau: with the last rung.
        error: root mean square, in units of the metric.
        held: shares of the patterns in the 50% and in the 90% intervals; None for forecasts without.
    """

    tau: float
    error: float
    held: tuple[float, float] | None


class Curves:
    """One seed of a table: every pattern at every rung.

    Args:
        table: whole.
        seed: of it.
        shared: what shared weights scored, by pattern id; empty if that is not known.
    """

    def __init__(self, table: Table, seed: int, shared: dict[str, float]) -> None:
        self.rungs, qualities = tuple(table.plan.rungs), Qualities(table)
        by_rung = [qualities.by_seed(rung) for rung in self.rungs]
        patterns = [
            entry.pattern
            for entry in table.plan.entries
            if all(seed in own.get(entry.pattern.id, {}) for own in by_rung)
        ]
        self.values = qualities.sign * np.array([[own[one.id][seed] for own in by_rung] for one in patterns])
        self.features = pattern_features(patterns, table.task.num_tokens)
        self.shared = np.array([shared.get(one.id, 0.0) for one in patterns])

    def forecasts(self) -> dict[str, Forecast]:
        """Everything that is compared."""
        return {
            "score": self._score,
            "power law": self._alone,
            "power laws": self._pooled,
            "chain": lambda known: self._chain(known, self.rungs),
            "chain, shared weights": lambda known: self._chain(
                np.column_stack([self.shared, known]), (27, *self.rungs)
            ),
        }

    def _score(self, known: Array) -> tuple[Array, None]:
        """The last score that there is."""
        place = (~np.isnan(known)).sum(axis=1) - 1
        return np.take_along_axis(known, place[:, None], axis=1)[:, 0], None

    def _alone(self, known: Array) -> tuple[Array, Array]:
        """A power law for every pattern by itself."""
        ends = [extrapolate(self.rungs, row[None], self.rungs[-1]) for row in known]
        return np.array([mean[0] for mean, _ in ends]), np.array([deviation[0] for _, deviation in ends])

    def _pooled(self, known: Array) -> tuple[Array, Array]:
        """Power laws that are drawn from one distribution."""
        return extrapolate(self.rungs, known, self.rungs[-1])

    def _chain(self, known: Array, rungs: Sequence[int]) -> tuple[Array, Array]:
        """What studies use."""
        prediction = Surrogate(self.features, known, rungs).predict(self.features, known)
        return prediction.mean, prediction.deviation

    def _chain_from_shared_weights(self, known: Array) -> tuple[Array, Array]:
        """With the score of shared weights as a rung below the others, at what their training cost a pattern."""
        steps = SHARED_STEPS // len(self.values)
        return self._chain(np.column_stack([self.shared, known]), (steps, *self.rungs))

    def judged(self, forecast: Forecast, num_rungs: int, num_whole: int, seed: int) -> Found:
        """Hide all but the first rungs of all but some patterns, forecast, compare."""
        whole = np.random.default_rng(seed).permutation(len(self.values))[:num_whole]
        rest = np.setdiff1d(np.arange(len(self.values)), whole)
        known = self.values.copy()
        known[rest, num_rungs:] = np.nan
        mean, deviation = forecast(known)
        errors = (mean - self.values[:, -1])[rest]
        held = None
        if deviation is not None:
            half, most = (float((np.abs(errors) < width * deviation[rest]).mean()) for width in (HALF, MOST))
            held = half, most
        tau = kendall_tau(mean[rest].tolist(), self.values[rest, -1].tolist())
        return Found(tau or 0.0, float(np.sqrt((errors**2).mean())), held)


def rows(curves: list[Curves], num_draws: int) -> Iterator[str]:
    """One for every number of rungs that are known."""
    cases = [("score", 0), ("power law", 0), *(("power laws", k) for k in (0, 16)), *(("chain", k) for k in NUM_WHOLE)]
    if any(one.shared.any() for one in curves):
        cases += [("chain, shared weights", k) for k in NUM_WHOLE[1:]]
    head = [name if name in ("score", "power law") else f"{name}, k = {k}" for name, k in cases]
    yield "| rungs known | " + " | ".join(head) + " |"
    yield "|---" * (len(head) + 1) + "|"
    for num_rungs in range(len(curves[0].rungs)):
        cells = [cell(curves, name, num_rungs, k, num_draws) for name, k in cases]
        known = f"to {curves[0].rungs[num_rungs - 1]:,}" if num_rungs else "none, patterns alone"
        yield f"| {known} | " + " | ".join(cells) + " |"


def cell(curves: list[Curves], name: str, num_rungs: int, num_whole: int, num_draws: int) -> str:
    """Tau, the error in thousandths, and what the intervals hold; means over draws and seeds."""
    if "chain" in name and not num_rungs + num_whole:
        return ""
    if (name == "score" and not num_rungs) or (name == "power law" and num_rungs < 2):
        return ""
    if name == "power laws" and not num_rungs:
        return ""
    draws = range(num_draws if num_whole else 1)
    found = [one.judged(one.forecasts()[name], num_rungs, num_whole, seed) for one in curves for seed in draws]
    tau, error = fmean(each.tau for each in found), 1000 * fmean(each.error for each in found)
    if name == "score":
        return f"{tau:.2f}"
    held = [each.held for each in found if each.held is not None]
    half, most = fmean(each[0] for each in held), fmean(each[1] for each in held)
    return f"{tau:.2f}, {error:.0f} ({half:.2f}, {most:.2f})"


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--draws", type=int, default=24, help="draws of the patterns whose curves are whole")
    options = parser.parse_args()
    table = read_table(options.table)
    scores = shared_scores(options.table, 0) if options.table.with_suffix(SUFFIX).exists() else {}
    curves = [Curves(table, seed, scores) for seed in table.plan.seeds]
    print(f"{len(curves[0].values)} patterns, seeds {tuple(table.plan.seeds)}, {options.draws} draws")
    print("tau-b with the last rung, error in thousandths of the unit (shares in the 50% and the 90% intervals)\n")
    for row in rows(curves, options.draws):
        print(row, flush=True)


if __name__ == "__main__":
    main()
