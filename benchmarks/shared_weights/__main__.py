"""Do shared weights rank patterns as long trainings do, and better than short trainings at equal cost?

    nas table build ...                                   # first: a table of long trainings
    python -m benchmarks.shared_weights table.jsonl       # about an hour on two cores
    python -m benchmarks.shared_weights table.jsonl --report     # what is known so far, nothing is trained

Trains one set of weights for the table's space, task and proxy in several ways, scores every pattern with it, trains
every pattern on from it for a little while, and compares the scores with the table's last rung. What is trained is kept
in the results folder, so that a call which was stopped goes on. docs/decisions/0013 has our figures.

A method's cost is told in optimiser steps of one pattern; a step of shared weights that trains four patterns counts as
four. What a study pays for each pattern is its share of the shared training and of the long trainings for a
calibration, and the steps of its own.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from scipy.stats import kendalltau

from nas.ground_truth.file import read_table

from .judgement import best_rival, judge
from .lab import WAYS, Lab
from .methods import Method, Numbers, added

CHEAP = 240
"""Steps up to which a short run is also tried together with shared weights, and calibrated."""


def main() -> None:
    options = parse()
    torch.set_num_threads(1)
    lab = Lab(read_table(Path(options.table)), options)
    free, shared = list(lab.free()), list(lab.shared())
    short = [*lab.early_rungs(), *lab.short_runs()]
    cheap = [method for method in short if method.each <= CHEAP]
    sums = [added(one, other) for one in cheap for other in (*free, *shared) if other.each == 0]
    calibrations = lab.calibrations([*cheap, *shared])
    print(report(lab, [*free, *short, *shared, *sums, *calibrations], options))


def report(lab: Lab, methods: Sequence[Method], options: argparse.Namespace) -> str:
    """One table of all methods."""
    long_steps, unit = lab.plan.rungs[-1], lab.task.metric.unit
    costs = {method.name: method.cost(options.study, long_steps) for method in methods}
    lines = [
        f"\n{len(lab.patterns)} patterns; truth: {long_steps} steps, seeds {lab.truth_seeds}; spread (deviation) "
        f"{lab.truths.std():.4f} {unit}; methods: {options.seeds} seeds of their own",
        *ceiling(lab),
        "",
        "| method | steps once | steps a pattern | tau-b (95%) | tau-b within density thirds | regret by third "
        "| tau-b less that of the best short run at this cost |",
        "|---|---|---|---|---|---|---|",
    ]
    for method in methods:
        rival = best_rival(method, methods, costs, lab)
        found, once = judge(method, rival, lab), method.once + method.long_runs * long_steps
        lines.append(
            f"| {method.name} | {once} | {costs[method.name]:.0f} | {interval(found.taus)} | {interval(found.within)} "
            f"| {' / '.join(f'{regret:.3f}' for regret in found.regrets)} "
            f"| {'' if rival is None else f'{interval(found.lead)} ({rival.name})'} |"
        )
    return "\n".join(lines)


def ceiling(lab: Lab) -> list[str]:
    """How well two seeds of the truth agree."""
    if len(lab.truth_seeds) < 2:
        return ["One seed of the truth: how well two agree is not known."]
    return [f"Two seeds of the truth agree at tau-b {kendalltau(*lab.truths_by_seed[:2]).statistic:.2f}."]


def interval(values: Numbers) -> str:
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return f"{values[0]:+.2f} ({low:+.2f} to {high:+.2f})"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "shared_weights", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("table", help="a table's file, whole or under way")
    add("--costs", type=int, nargs="+", default=[4000, 16000], help="steps of one pattern that shared weights may cost")
    add("--rate", type=float, default=4e-3, help="peak learning rate of the shared weights")
    add("--fine-tune-steps", type=int, nargs="*", default=[60], help="steps of a pattern's own from shared weights")
    add("--fine-tune-rate", type=float, default=5e-4, help="their peak learning rate")
    add("--ways", nargs="+", choices=WAYS, default=list(WAYS), help="how shared weights are trained")
    add("--short-steps", type=int, nargs="*", default=[30, 60, 120, 240], help="short runs to compare with")
    add("--long-runs", type=int, nargs="*", default=[4, 8, 16], help="long runs that scores are calibrated on")
    add("--seeds", type=int, default=1, help="seeds of shared weights and short runs, none of them the table's")
    add("--validation-sequences", type=int, default=128, help="windows that a score is taken on")
    add("--study", type=int, default=147, help="patterns that share the cost of shared weights")
    add("--results", default="runs/shared_weights", help="folder where weights and scores are kept")
    add("--report", action="store_true", help="train nothing, print what is known")
    return parser.parse_args()


if __name__ == "__main__":
    main()
