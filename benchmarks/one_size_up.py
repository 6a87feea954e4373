"""What a check one size up tells by the number of its patterns, and what it takes.

    python benchmarks/one_size_up.py tables/ladder/S-base100-drawn.jsonl tables/ladder/M-drawn.jsonl

Patterns are ranked as a default search ranks them, by the small table's qualities after 960 steps, projected. A check
takes the best of them and one from every stratum of cost, drawn, and compares the order with that of the larger table
after half of its steps, about as long as `fidelity.scale` trains. Printed: the posterior of tau if all patterns of a
check agree; over many checks, its error against the tau of all patterns with the larger table's end, its width and how
often it lies above 0; and the steps that the larger runs take, in steps of the small proxy.
"""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from search_methods.report import table_lines
from transfer import Truth, projections_by_seed, run_flops, values_at

from nas.ground_truth.file import read_table
from nas.statistics.rank_agreement import kendall_tau
from nas.statistics.tau_posterior import TauPosterior

RUNG = 960
"""Of a default search, in optimiser steps."""
LONG_STEPS = 1920
"""Of its long runs, and of the larger model's."""
NUMS = (3, 4, 5, 7, 12)
NUM_CHECKS = 100
"""For each seed of the small table."""


class Sizes:
    """The patterns that two tables have in common.

    Args:
        small: path of the small table.
        larger: path of the larger one.
    """

    def __init__(self, small: Path, larger: Path) -> None:
        table, self.truth = read_table(small), Truth.of(read_table(larger))
        names = {entry.pattern.id: self.truth.counterpart(table, entry) for entry in table.plan.entries}
        ahead = projections_by_seed(table, RUNG)
        self.by_seed: list[Mapping[str, float]] = [
            {names[one]: own[seed] for one, own in ahead.items() if names[one] in self.truth.values}
            for seed in table.plan.seeds
        ]
        self.middle = values_at(self.truth.table, self.truth.table.plan.rungs[-2])
        self.step_ratio = run_flops(self.truth.table, 1) / run_flops(table, 1)

    def whole(self, small: Mapping[str, float]) -> float:
        """Tau of all patterns with the larger table's end."""
        return kendall_tau(list(small.values()), [self.truth.values[one] for one in small]) or 0.0

    def check(self, small: Mapping[str, float], num: int, draw: np.random.Generator) -> TauPosterior:
        """The posterior that one check gives."""
        best = min(small, key=small.__getitem__)
        others = sorted(small.keys() - {best}, key=lambda one: (self.truth.flops[one], one))
        strata = np.array_split(np.array(others), num - 1)
        chosen = [best, *(str(draw.choice(stratum)) for stratum in strata)]
        return TauPosterior.of([small[one] for one in chosen], [self.middle[one] for one in chosen])


def rows(sizes: Sizes) -> Iterator[list[str]]:
    """A row for every number of patterns."""
    for num in NUMS:
        generator = np.random.default_rng(0)
        agreed = TauPosterior.of(list(range(num)), list(range(num)))
        errors, widths, lows = [], [], []
        for small in sizes.by_seed:
            whole = sizes.whole(small)
            for _ in range(NUM_CHECKS):
                own = sizes.check(small, num, generator)
                errors.append(own.mean - whole)
                widths.append(own.quantile(0.95) - own.quantile(0.05))
                lows.append(own.quantile(0.05))
        steps = num * LONG_STEPS * sizes.step_ratio
        yield [
            str(num),
            f"{agreed.mean:.2f} ({agreed.quantile(0.05):.2f} to {agreed.quantile(0.95):.2f})",
            f"{np.sqrt(np.mean(np.square(errors))):.2f}",
            f"{np.mean(widths):.2f}",
            f"{np.mean(np.array(lows) > 0):.0%}",
            f"{steps:,.0f}",
        ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("small", type=Path)
    parser.add_argument("larger", type=Path)
    options = parser.parse_args()
    sizes = Sizes(options.small, options.larger)
    whole = " and ".join(f"{sizes.whole(small):.2f}" for small in sizes.by_seed)
    print(f"{len(sizes.by_seed[0])} patterns; tau of all of them with the larger model's end, by seed: {whole}.\n")
    heads = ["patterns", "if all agree", "error", "width", "above 0", "steps"]
    print("\n".join(table_lines(heads, rows(sizes))))


if __name__ == "__main__":
    main()
