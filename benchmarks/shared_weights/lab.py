"""Everything that is trained and scored for one table."""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import torch

from nas.config.read import read_settings
from nas.config.settings import RunSettings
from nas.evaluation.scratch import ScratchEvaluator
from nas.ground_truth.file import Table
from nas.patterns.model import ModelPattern
from nas.proxy.member import Member
from nas.proxy.settings import TrainingSettings
from nas.search.problem.problem import make_problem
from nas.tasks.catalog import make_task

from .calibration import window_features
from .methods import Method, Numbers
from .sandwich import Sandwich
from .scores import Scores
from .supernet import train_supernet
from .weights import SharedWeights


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


class Lab:
    """What is trained and scored for one table.

    Args:
        table: whole or under way.
        options: of the command line.
    """

    def __init__(self, table: Table, options: argparse.Namespace) -> None:
        self._options, self.plan = options, table.plan
        settings = read_settings(RunSettings, table.header.settings)
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
