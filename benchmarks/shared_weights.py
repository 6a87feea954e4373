"""Do shared weights rank patterns as long trainings do, and better than short trainings at equal cost?

    nas table build ...                                   # first: a table of long trainings
    python benchmarks/shared_weights.py table.jsonl       # about an hour on two cores
    python benchmarks/shared_weights.py table.jsonl --report     # what is known so far, nothing is trained

Trains one set of weights for the table's space, task and proxy in several ways, scores every pattern with it, trains
every pattern on from it for a little while, and compares the scores with the table's last rung. What is trained is kept
in the results folder, so that a call which was stopped goes on. docs/decisions/0013 has our figures.

A method's cost is told in optimiser steps of one pattern; a step of shared weights that trains four patterns counts as
four. What a study pays for each pattern is its share of the shared training and of the long trainings for a
calibration, and the steps of its own.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from statistics import fmean

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import kendalltau

from nas.config.read import read_settings
from nas.config.settings import RunSettings
from nas.evaluation.calibration import calibrated, window_features
from nas.evaluation.scratch import ScratchEvaluator
from nas.evaluation.shared import SharedWeights
from nas.ground_truth.file import Table, read_table
from nas.patterns.model import ModelPattern
from nas.proxy.sandwich import Sandwich
from nas.proxy.settings import TrainingSettings
from nas.proxy.state.member import Member
from nas.proxy.supernet import train_supernet
from nas.search.problem import make_problem
from nas.tasks.catalog import make_task

Numbers = NDArray[np.float64]
RESAMPLES = 400
CHEAP = 240
"""Steps up to which a short run is also tried together with shared weights, and calibrated."""
AS_DEAR = 1.15
"""A short run is compared with what costs as much or more, give or take this factor."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """How shared weights are trained.

    Args:
        ends: whether full attention and the sparsest pattern are in every step.
        num_random: random patterns in every step.
        distil: whether all others learn from full attention's scores.
    """

    ends: bool
    num_random: int
    distil: bool


WAYS = {
    "naive": Way(ends=False, num_random=1, distil=False),
    "sandwich": Way(ends=True, num_random=2, distil=False),
    "sandwich + distillation": Way(ends=True, num_random=2, distil=True),
}


@dataclass(frozen=True, kw_only=True)
class Method:
    """One way of scoring patterns.

    Args:
        name: for the report.
        once: what all patterns pay together, in optimiser steps of one pattern.
        each: what a pattern pays, in optimiser steps.
        scores: lower is better, shape (seeds, patterns).
        short: whether it is a plain short run, with which the others are compared.
        long_runs: long runs that scores are calibrated on; 0 for none.
    """

    name: str
    once: int
    each: int
    scores: Numbers
    short: bool = False
    long_runs: int = 0

    def cost(self, num_patterns: int, long_steps: int) -> float:
        """Steps a pattern in a study of some patterns."""
        return (self.once + self.long_runs * long_steps) / num_patterns + self.each


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


def added(short: Method, other: Method) -> Method:
    """The sum of two methods' standardised scores: short runs favour narrow windows, the others wide ones."""
    scores = [standardised(one) + standardised(two) for one, two in product(short.scores, other.scores)]
    return Method(
        name=f"{short.name} + {other.name}", once=other.once, each=short.each + other.each, scores=np.array(scores)
    )


def standardised(scores: Numbers) -> Numbers:
    """Mean 0 and deviation 1, shape (patterns,)."""
    standard: Numbers = (scores - scores.mean()) / scores.std()
    return standard


class Lab:
    """What is trained and scored for one table.

    Args:
        table: whole or under way.
        options: of the command line.
    """

    def __init__(self, table: Table, options: argparse.Namespace) -> None:
        self._options, self.plan = options, table.plan
        settings = read_settings(RunSettings, table.header["settings"])
        self._problem, self._proxy = make_problem(settings), settings.proxy
        self.task = make_task(replace(settings.task, validation_sequences=options.validation_sequences))
        self._training = replace(settings.training, num_rungs=1, test_lengths=[])
        self._rows = [row for row in table.rows if not row.sweep and row.measurement.quality is not None]
        self._seeds = range(max(table.plan.seeds) + 1, max(table.plan.seeds) + 1 + options.seeds)
        self.truth_seeds, ids = self._compared()
        self.patterns = tuple(entry.pattern for entry in self.plan.entries if entry.pattern.id in ids)
        self.sign = 1 if self.task.metric.direction == "minimize" else -1
        self.truths = self._at(self.plan.rungs[-1], self.truth_seeds).mean(axis=0)
        self.truths_by_seed = self._at(self.plan.rungs[-1], self.truth_seeds)
        flops = [self._problem.cost(pattern).attention_flops for pattern in self.patterns]
        self.thirds = np.array_split(np.argsort(flops, kind="stable"), 3)
        self.features = window_features(self.patterns, self.task.num_tokens)
        self._scores = Scores(Path(options.results) / "scores.jsonl")

    def free(self) -> Iterator[Method]:
        """What costs no step: the more a pattern sees, the better."""
        yield Method(name="density alone", once=0, each=0, scores=-self.features.mean(axis=1)[None])

    def short_runs(self) -> Iterator[Method]:
        """Trainings from fresh weights, with seeds and batches of their own."""
        for num_steps in self._options.short_steps:
            scores = self._by_seed(partial(self._short_scores, num_steps))
            if scores is not None:
                yield Method(name=f"short run of {num_steps}", once=0, each=num_steps, scores=scores, short=True)

    def early_rungs(self) -> Iterator[Method]:
        """The table's own; they share weights and batches with the truth up to there."""
        for rung in self.plan.rungs[:-1]:
            scores = self._at(rung, self.truth_seeds)
            yield Method(name=f"table's rung of {rung}", once=0, each=rung, scores=scores, short=True)

    def shared(self) -> Iterator[Method]:
        """Shared weights as they are, and after a training of each pattern's own."""
        for cost, name, num_steps in product(
            self._options.costs, self._options.ways, (0, *self._options.fine_tune_steps)
        ):
            scores = self._by_seed(partial(self._shared_scores, name, cost, num_steps))
            title = f"{name}, {cost}" + (f" + fine-tune of {num_steps}" if num_steps else "")
            if scores is not None:
                yield Method(name=title, once=cost, each=num_steps, scores=scores)

    def calibrations(self, methods: Sequence[Method]) -> Iterator[Method]:
        """A few long runs turn other methods' scores, or features alone, into expected qualities."""
        nothing = Method(name="features alone", once=0, each=0, scores=np.zeros((1, len(self.patterns))))
        for method, long_runs in product((nothing, *methods), self._options.long_runs):
            yield replace(method, name=f"{method.name}, {long_runs} long runs", short=False, long_runs=long_runs)

    def _compared(self) -> tuple[list[int], set[str]]:
        """The seeds of the truth, and the patterns that have it: one seed more only where it costs no pattern."""
        last = self.plan.rungs[-1]
        have = {
            seed: {row.pattern_id for row in self._rows if (row.measurement.step, row.measurement.seed) == (last, seed)}
            for seed in self.plan.seeds
        }
        ids = have[self.plan.seeds[0]]
        return [seed for seed in self.plan.seeds if have[seed] >= ids], ids

    def _at(self, rung: int, seeds: Sequence[int]) -> Numbers:
        """The table's qualities of the compared patterns, lower is better, shape (seeds, patterns)."""
        known = {
            (row.pattern_id, row.measurement.seed): row.measurement.quality
            for row in self._rows
            if row.measurement.step == rung
        }
        return self.sign * np.array([[known[pattern.id, seed] for pattern in self.patterns] for seed in seeds])

    def _rate(self, pattern: ModelPattern) -> float:
        """The learning rate that the table found best for the pattern's density, or the settings' before it has."""
        bands = {entry.pattern.id: entry.band for entry in self.plan.entries}
        rates = (row.measurement.learning_rate for row in self._rows if bands[row.pattern_id] == bands[pattern.id])
        return next(rates, self._training.learning_rate)

    def _short(self, num_steps: int, learning_rate: float) -> TrainingSettings:
        """A training so short that its warm-up must be shorter too."""
        warmup_steps = min(self._training.warmup_steps, num_steps // 4)
        return replace(self._training, num_steps=num_steps, warmup_steps=warmup_steps, learning_rate=learning_rate)

    def _by_seed(self, measure: Callable[[int], Numbers | None]) -> Numbers | None:
        """One row a seed; None while some are not known."""
        rows = [measure(seed) for seed in self._seeds]
        known = [row for row in rows if row is not None]
        return np.array(known) if len(known) == len(rows) else None

    def _short_scores(self, num_steps: int, seed: int) -> Numbers | None:
        training = self._short(num_steps, self._training.learning_rate)
        evaluator = ScratchEvaluator(self.task, self._proxy, training, data_seed=seed, device="cpu")

        def quality(pattern: ModelPattern) -> float | None:
            member = Member(pattern=pattern, seed=seed, learning_rate=self._rate(pattern))
            return evaluator.evaluate([member], num_steps)[0].quality

        return self._measured(f"short {num_steps}", seed, quality)

    def _shared_scores(self, name: str, cost: int, num_steps: int, seed: int) -> Numbers | None:
        key = f"{name} {cost} x{self._options.rate:g}"
        if not num_steps:
            return self._measured(key, seed, lambda pattern: self._weights(name, cost, seed).score([pattern])[0])
        training = self._short(num_steps, self._options.fine_tune_rate)

        def quality(pattern: ModelPattern) -> float | None:
            # A stream that the shared weights have not seen.
            return self._weights(name, cost, seed).fine_tune([pattern], training, data_seed=1000 + seed)[0]

        return self._measured(f"{key} tuned {num_steps} x{training.learning_rate:g}", seed, quality)

    def _weights(self, name: str, cost: int, seed: int) -> SharedWeights:
        """Trained once, then read from the results folder."""
        stem = f"{name} {cost} x{self._options.rate:g} seed {seed}".replace(" ", "-")
        path = Path(self._options.results) / f"{stem}.pt"
        if not path.exists():
            way = WAYS[name]
            pool = tuple(entry.pattern for entry in self.plan.entries)
            sparsest = min(pool, key=lambda pattern: self._problem.cost(pattern).attention_flops)
            ends = (self._problem.baselines["full"], sparsest) if way.ends else ()
            sandwich = Sandwich(pool=pool, num_random=way.num_random, seed=seed, always=ends)
            training = replace(self._training, num_steps=cost // sandwich.size, learning_rate=self._options.rate)
            progress = Progress(stem, training.num_steps)
            row = train_supernet(
                sandwich,
                self.task,
                self._proxy,
                training,
                seed=seed,
                data_seed=seed,
                distil=way.distil,
                on_step=progress.stepped,
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.save(row, path)
        row = torch.load(path, weights_only=True)
        return SharedWeights(row, self.task, self._proxy)

    def _measured(self, key: str, seed: int, quality: Callable[[ModelPattern], float | None]) -> Numbers | None:
        """Qualities of the compared patterns, lower is better, shape (patterns,); None if some may not be measured."""
        key = f"{key} seed {seed} of {self.task.fingerprint[:8]}"
        missing = [pattern for pattern in self.patterns if not self._scores.has(key, pattern.id)]
        if missing and self._options.report:
            return None
        progress = Progress(key, len(missing))
        for pattern in missing:
            self._scores.add(key, pattern.id, quality(pattern))
            progress.stepped()
        found = [self._scores.get(key, pattern.id) for pattern in self.patterns]
        # One that diverged knows nothing.
        return self.sign * np.array([self.task.chance if value is None else value for value in found])


class Scores:
    """Qualities by method and pattern, in one file; a line for each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text().splitlines() if path.exists() else []
        self._known: dict[tuple[str, str], float | None] = {
            (row["key"], row["pattern"]): row["quality"] for row in map(json.loads, lines)
        }

    def has(self, key: str, pattern_id: str) -> bool:
        """Whether a quality is known."""
        return (key, pattern_id) in self._known

    def get(self, key: str, pattern_id: str) -> float | None:
        """A known quality."""
        return self._known[key, pattern_id]

    def add(self, key: str, pattern_id: str, quality: float | None) -> None:
        """Keep one more."""
        self._known[key, pattern_id] = quality
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.write(json.dumps({"key": key, "pattern": pattern_id, "quality": quality}) + "\n")


class Progress:
    """A line now and then, and the speed at the end."""

    def __init__(self, name: str, num_steps: int) -> None:
        self._name, self._num_steps, self._done = name, num_steps, 0
        self._started = self._told = time.monotonic()

    def stepped(self) -> None:
        """One more is done."""
        self._done += 1
        now = time.monotonic()
        if self._done == self._num_steps or now - self._told >= 10:
            self._told = now
            speed = 60 * self._done / (now - self._started)
            print(f"[{self._done}/{self._num_steps}] {self._name}: {speed:.0f} a minute", flush=True)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """How a method agrees with the truth, as the patterns are and then over resamples of them.

    Args:
        taus: Kendall's tau-b over all patterns.
        within: the same inside the density thirds, their mean: what a method knows beside density.
        lead: tau-b less that of a short run over the same patterns.
        regrets: of the top choice of every density third, in the metric's unit.
    """

    taus: Numbers
    within: Numbers
    lead: Numbers
    regrets: Sequence[float]


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


def best_rival(method: Method, methods: Sequence[Method], costs: dict[str, float], lab: Lab) -> Method | None:
    """The best of the short runs that cost no more: what a method must beat to be worth its steps."""
    if method.short:
        return None
    affordable = [short for short in methods if short.short and costs[short.name] <= AS_DEAR * costs[method.name]]
    everyone = np.arange(len(lab.patterns))
    return max(affordable, key=lambda short: mean_tau(short.scores, everyone, lab), default=None)


def judge(method: Method, rival: Method | None, lab: Lab) -> Judgement:
    """Agreement with the truth over resampled patterns.

    A calibration is fitted anew for every resample, on patterns of its own, which do not count in its tau.

    Args:
        method: what is judged.
        rival: the short run that it is compared with; None for none.
        lab: knows the truth.
    """
    everyone = np.arange(len(lab.patterns))
    draw = np.random.default_rng(0)
    theirs = method.scores if rival is None else rival.scores
    plain: list[tuple[float, float, float]] = []
    resampled, regrets = [], []
    for _ in range(RESAMPLES // 4 if method.long_runs else RESAMPLES):
        known = stratified(lab, method.long_runs, draw) if method.long_runs else everyone[:0]
        rest = np.setdiff1d(everyone, known)
        ours = [expectation(method, scores, known, lab) for scores in method.scores]
        resampled.append(agreement(ours, theirs, draw.choice(rest, len(rest)), lab))
        if method.long_runs or not plain:
            plain.append(agreement(ours, theirs, rest, lab))
            regrets.append([fmean(regret(scores, third, lab) for scores in ours) for third in lab.thirds])
    taus, within, lead = np.vstack([np.mean(plain, axis=0), resampled]).T
    means = [fmean(column) for column in zip(*regrets, strict=True)]
    return Judgement(taus=taus, within=within, lead=lead, regrets=means)


def agreement(
    ours: Iterable[Numbers], theirs: Iterable[Numbers], chosen: NDArray[np.int64], lab: Lab
) -> tuple[float, float, float]:
    """Tau-b over the chosen patterns, its mean inside the density thirds, and its lead; means over the seeds."""
    whole = mean_tau(ours, chosen, lab)
    within = fmean(mean_tau(ours, chosen[np.isin(chosen, third)], lab) for third in lab.thirds)
    return whole, within, whole - mean_tau(theirs, chosen, lab)


def mean_tau(by_seed: Iterable[Numbers], chosen: NDArray[np.int64], lab: Lab) -> float:
    """Tau-b with the truth, the mean over the seeds."""
    return fmean(tau(scores[chosen], lab.truths[chosen]) for scores in by_seed)


def tau(scores: Numbers, truths: Numbers) -> float:
    """Kendall's tau-b; 0 where there is nothing to agree on."""
    if len(scores) < 2:
        return 0.0
    found = float(kendalltau(scores, truths).statistic)
    return 0.0 if np.isnan(found) else found


def stratified(lab: Lab, count: int, draw: np.random.Generator) -> NDArray[np.int64]:
    """Random patterns, one of each of `count` equal stretches of density."""
    order = np.concatenate(lab.thirds)
    return np.array([draw.choice(part) for part in np.array_split(order, count)])


def expectation(method: Method, scores: Numbers, known: NDArray[np.int64], lab: Lab) -> Numbers:
    """The scores, calibrated if there are long runs to do it with."""
    if not len(known):
        return scores
    inputs = np.column_stack([scores, lab.features])
    expected = calibrated(inputs, known.tolist(), lab.truths[known])
    expected[known] = lab.truths[known]
    return expected


def regret(scores: Numbers, among: NDArray[np.int64], lab: Lab) -> float:
    """How much worse the top choice is than the best."""
    return float(lab.truths[among[np.argmin(scores[among])]] - lab.truths[among].min())


def ceiling(lab: Lab) -> list[str]:
    """How well two seeds of the truth agree."""
    if len(lab.truth_seeds) < 2:
        return ["One seed of the truth: how well two agree is not known."]
    return [f"Two seeds of the truth agree at tau-b {kendalltau(*lab.truths_by_seed[:2]).statistic:.2f}."]


def interval(values: Numbers) -> str:
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return f"{values[0]:+.2f} ({low:+.2f} to {high:+.2f})"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
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
