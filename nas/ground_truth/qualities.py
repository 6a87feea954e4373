"""The qualities of a table's training runs."""

from statistics import fmean

from nas.ground_truth.file import Table
from nas.statistics.rank_agreement import kendall_tau


class Qualities:
    """Qualities by rung, pattern and seed, without the sweep.

    Args:
        table: complete or unfinished.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.last = table.plan.rungs[-1]
        """The last rung, in optimiser steps."""
        self.sign = 1 if table.task.direction == "minimize" else -1
        """What a quality is multiplied by so that less is better."""
        self.runs = [row for row in table.rows if not row.sweep]
        """The rows outside the sweep."""
        self._by_seed: dict[int, dict[str, dict[int, float]]] = {rung: {} for rung in table.plan.rungs}
        for row in self.runs:
            if row.quality is not None:
                self._by_seed[row.step].setdefault(row.pattern_id, {})[row.seed] = row.quality

    def by_seed(self, rung: int) -> dict[str, dict[int, float]]:
        """Quality by pattern and seed, of the runs that finished."""
        return self._by_seed[rung]

    def means(self, rung: int) -> dict[str, float]:
        """Quality by pattern, mean over seeds."""
        return {pattern: fmean(own.values()) for pattern, own in self.by_seed(rung).items()}

    def paired(self, rung: int) -> dict[str, tuple[float, float]]:
        """Quality at a rung and at the last rung by pattern, means over the seeds that have both; less is better."""
        pairs = {}
        for pattern, own in self.by_seed(rung).items():
            last = self.by_seed(self.last).get(pattern, {})
            if shared := own.keys() & last.keys():
                means = fmean(own[seed] for seed in shared), fmean(last[seed] for seed in shared)
                pairs[pattern] = (self.sign * means[0], self.sign * means[1])
        return pairs

    def tau_of_seeds(self, rung: int, seed: int, other_rung: int, other_seed: int) -> float | None:
        """Tau-b between a seed at a rung and another seed at another rung, over the patterns that have both."""
        here, there = self.by_seed(rung), self.by_seed(other_rung)
        both = [
            (own[seed], there[pattern][other_seed])
            for pattern, own in here.items()
            if seed in own and other_seed in there.get(pattern, {})
        ]
        return kendall_tau([first for first, _ in both], [second for _, second in both])
