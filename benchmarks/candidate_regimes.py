"""Regimes that `nas` does not have, tried on the drawn patterns: averages along the trunk, and needles in the text.

    python benchmarks/candidate_regimes.py averages --seeds 2   # half an hour on one core; stopped, it goes on
    python benchmarks/candidate_regimes.py needles
    python benchmarks/candidate_regimes.py                      # what is known so far, nothing is trained

`averages` scores a rung by the mean of the trunk's weights over its last fifth, where `nas` lets the learning rate
fall on a branch (Li et al. 2025, arXiv 2505.12082, merge checkpoints of a constant rate so); `longer_averages` does it
at rungs a quarter longer, which cost as much as shorter ones with branches. `needles` puts pairs of a key and a value
into the training text, which are asked for further on, and scores plain text and the asked values apart. All are
otherwise trained as tables/ladder/S-base100-drawn.jsonl, with which they are compared, by the same seeds: Kendall's
tau with the end of tables/ladder/M-drawn.jsonl, as measured and as projected to 20 tokens a parameter, and the
difference with its 90% interval over patterns drawn with replacement. So is the table of word pieces, which
benchmarks/word_pieces.py says how to build.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean

import numpy as np
import torch
from carry import compare, with_seeds
from numpy.typing import NDArray
from transfer import LEAST, TRAINED, Truth, projections_at, values_at

from nas.costs.parameters import target_parameters
from nas.errors import NasError
from nas.ground_truth.file import Table, read_table
from nas.patterns.model import ModelPattern
from nas.proxy.member import Member
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training.cohort_trainer import CohortTrainer
from nas.proxy.training.metrics import validate
from nas.proxy.training.schedule import branch_start
from nas.search.scoring.projection import projected
from nas.statistics.ranks import rank_shares
from nas.tasks.language.text import TextSettings, TextTask
from nas.tasks.language.windows import Tokens, cut_windows
from nas.tasks.rng import Rng
from nas.tasks.task import IGNORED_TARGET, Batch, Metric, as_ids

LADDER = Path(__file__).parents[1] / "tables" / "ladder"
LIKE, LARGER = LADDER / "S-base100-drawn.jsonl", LADDER / "M-drawn.jsonl"
PIECES = LADDER / "S-pieces-drawn.jsonl"
FOLDER = Path(__file__).parent / "results"
APART = 8
"""Steps between two weights of an average."""

WIDTH = 7
"""Bytes of a needle and of a question: a mark, a key of two letters, a value of four."""
VALUE = 4
NEEDLES = 2
"""In each sequence."""
MARKS = (0, 1)
"""The bytes that a needle and a question start with, which text does not have."""


class NeedleText(TextTask):
    """Text with needles: every byte is predicted, or the asked values alone.

    Args:
        settings: which text.
        values_alone: score only the values that are asked for, in nats per byte.
    """

    def __init__(self, settings: TextSettings, *, values_alone: bool = False) -> None:
        self._values_alone = values_alone
        super().__init__(settings)
        if values_alone:
            self.metric = Metric("loss", "nats per byte of a value", "minimize")

    def quality(self, loss: float, accuracy: float) -> float:
        """Bits per byte of all, or nats per byte of the values."""
        return loss if self._values_alone else super().quality(loss, accuracy)

    def _ask(self, data: Tokens, starts: NDArray[np.int64], rng: Rng) -> Batch:
        windows = cut_windows(data, starts, 0, self.num_tokens + 1).astype(np.int64)
        asked = put_needles(windows, rng)
        targets = windows[:, 1:]
        if self._values_alone:
            targets = np.where(asked[:, 1:], targets, IGNORED_TARGET)
        return Batch(as_ids(windows[:, :-1]), as_ids(targets))


def put_needles(windows: NDArray[np.int64], rng: Rng) -> NDArray[np.bool_]:
    """Write needles and questions over bytes of windows, each question somewhere behind its needle.

    Args:
        windows: bytes, shape (batch, bytes); changed in place.
        rng: where they go and what they say.

    Returns:
        where the asked values are, same shape.
    """
    batch, length = windows.shape
    asked = np.zeros(windows.shape, dtype=np.bool_)
    slots = np.sort(rng.distinct(length // WIDTH, 2 * NEEDLES, batch), axis=1) * WIDTH
    letters = rng.integers(26, batch, NEEDLES, WIDTH - 1) + ord("a")
    for needle in range(NEEDLES):
        for mark, slot in zip(MARKS, (slots[:, needle], slots[:, NEEDLES + needle]), strict=True):
            marks = np.full((batch, 1), mark, dtype=np.int64)
            places = slot[:, None] + np.arange(WIDTH)
            np.put_along_axis(windows, places, np.hstack([marks, letters[:, needle]]), axis=1)
        np.put_along_axis(asked, places[:, -VALUE:], values=True, axis=1)
    return asked


Scores = tuple[dict[str, float], ...]
"""What was measured of every member, by name; lower is better."""


@dataclass(frozen=True, slots=True)
class Regime:
    """A way to train, and what it is compared with.

    Args:
        train: trains a cohort from its start, and scores it at every rung of those that are given.
        rungs: in optimiser steps, ascending.
        against: the rungs of the table that these are compared with, one each.
    """

    train: Callable[[CohortTrainer, CohortState, Sequence[int]], Iterator[Scores]]
    rungs: tuple[int, ...]
    against: tuple[int, ...] = (240, 480, 960)


def averages(trainer: CohortTrainer, state: CohortState, rungs: Sequence[int]) -> Iterator[Scores]:
    """Train the trunk from rung to rung, and score the mean of the weights since a branch would have left it."""
    for rung in rungs:
        state = trainer.train(state, branch_start(rung, trainer.training))
        weights = []
        while state.step < rung:
            state = trainer.train(state, min(rung, state.step + APART))
            weights.append(state.weights)
        mean = replace(state, weights=torch.stack(weights).mean(dim=0))
        found = validate(mean, trainer.task, trainer.proxy, device="cpu")
        yield tuple({"text": value} for value in found)


def needles(trainer: CohortTrainer, state: CohortState, rungs: Sequence[int]) -> Iterator[Scores]:
    """Train trunk and branches on text with needles, and score plain text and the asked values."""
    text = trainer.task
    asked = NeedleText(_text(), values_alone=True)
    trainer = replace(trainer, task=NeedleText(_text()))
    for rung in rungs:
        state = trainer.train(state, branch_start(rung, trainer.training))
        ended, _ = trainer.train_branch(state, rung)
        both = [validate(ended, task, trainer.proxy, device="cpu") for task in (text, asked)]
        yield tuple({"text": plain, "values": value} for plain, value in zip(*both, strict=True))


REGIMES: Mapping[str, Regime] = {
    "averages": Regime(averages, (240, 480, 960)),
    "longer_averages": Regime(averages, (300, 600, 1200)),
    "needles": Regime(needles, (240, 480, 960)),
}


@cache
def _like() -> Table:
    return read_table(LIKE)


def _text() -> TextSettings:
    task = _like().header.settings["task"]
    return TextSettings(num_tokens=task["num_tokens"], validation_sequences=task["validation_sequences"])


def train(regime: Regime, patterns: Sequence[ModelPattern], seed: int) -> list[dict[str, object]]:
    """The rows of some patterns, which train as one cohort."""
    torch.set_num_threads(1)
    like, task = _like(), TextTask(_text())
    members = [Member(pattern=one, seed=seed, learning_rate=like.plan.learning_rates[0]) for one in patterns]
    trainer = CohortTrainer(task=task, proxy=like.proxy, training=like.training, data_seed=seed)
    rows: list[dict[str, object]] = []
    for rung, scores in zip(regime.rungs, regime.train(trainer, trainer.initial(members), regime.rungs), strict=True):
        for pattern, own in zip(patterns, scores, strict=True):
            rows.append({"pattern_id": pattern.id, "seed": seed, "step": rung, **own})
    return rows


@dataclass(frozen=True, slots=True)
class Results:
    """What has been trained in a regime, in one file."""

    path: Path

    def rows(self) -> list[dict[str, object]]:
        """One for each pattern, seed and rung."""
        return [json.loads(line) for line in self.path.read_text().splitlines()] if self.path.exists() else []

    def add(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Keep more."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)


def train_missing(name: str, results: Results, num_seeds: int, workers: int, cohort: int) -> None:
    """Train what the results lack, the first seed of all patterns before the second."""
    done = {(row["pattern_id"], row["seed"]) for row in results.rows()}
    jobs = []
    for seed in range(num_seeds):
        missing = [one.pattern for one in _like().plan.entries if (one.pattern.id, seed) not in done]
        jobs += [(missing[start : start + cohort], seed) for start in range(0, len(missing), cohort)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for number, job in enumerate(as_completed([pool.submit(train, REGIMES[name], *one) for one in jobs]), 1):
            results.add(job.result())
            print(f"{name}: {number} of {len(jobs)} cohorts", file=sys.stderr, flush=True)


def by_seed(rows: Sequence[Mapping[str, object]], name: str, rung: int) -> dict[int, dict[str, float]]:
    """What was measured at a rung, by seed and pattern."""
    found: dict[int, dict[str, float]] = {}
    for row in rows:
        if row["step"] == rung and name in row:
            found.setdefault(int(str(row["seed"])), {})[str(row["pattern_id"])] = float(str(row[name]))
    return found


def rows_of(table: Table) -> list[dict[str, object]]:
    """A table of text in the same form."""
    return [
        {"pattern_id": row.pattern_id, "seed": row.seed, "step": row.step, "text": row.quality}
        for row in table.rows
        if row.quality is not None and not row.sweep
    ]


def read_as(
    rows: Sequence[Mapping[str, object]], name: str, rung: int, below: int | None = None, *, steps: int = 0
) -> dict[str, float]:
    """Means over seeds by pattern, as measured or as projected to so many steps from a rung below this one."""
    after = by_seed(rows, name, rung)
    if below is not None:
        before = by_seed(rows, name, below)
        after = {
            seed: {one: projected((below, before[seed][one]), (rung, value), steps) for one, value in own.items()}
            for seed, own in after.items()
        }
    seeds = list(after)
    shared = set.intersection(*(set(after[seed]) for seed in seeds)) if seeds else set()
    return {one: fmean(after[seed][one] for seed in seeds) for one in shared}


def horizon(table: Table) -> int:
    """The steps to TRAINED tokens a parameter."""
    target = table.proxy.target(table.task.num_tokens, table.task.vocab_size)
    return round(TRAINED * target_parameters(target) / (table.training.batch_size * table.task.num_tokens))


def lines(
    regime: str, rows: Sequence[Mapping[str, object]], rungs: Sequence[int], against: Sequence[int], steps: int
) -> list[str]:
    """Markdown: a row for each rung, measured and from the second on projected, and each thing that is ranked by.

    Args:
        regime: its name.
        rows: what was measured in it.
        rungs: in optimiser steps, ascending.
        against: the rungs of base 100 that these are compared with, one each.
        steps: that qualities are projected to.
    """
    truth, seeds = Truth.of(read_table(LARGER)), sorted({int(str(row["seed"])) for row in rows})
    like = with_seeds(_like(), seeds)
    there = {entry.pattern.id: truth.counterpart(like, entry) for entry in like.plan.entries}
    found = []
    for place, rung in enumerate(rungs):
        for below in (None, rungs[place - 1]) if place else (None,):
            text, values = read_as(rows, "text", rung, below, steps=steps), read_as(rows, "values", rung)
            known = values_at(like, against[place]) if below is None else projections_at(like, against[place])
            names = sorted(one for one in text if one in known and there[one] in truth.values)
            if len(names) < LEAST:
                continue
            readings = {"text": [text[one] for one in names]}
            if values:
                readings["values"] = [values[one] for one in names]
                ranks = [rank_shares(one, "minimize") for one in readings.values()]
                readings["both"] = [sum(pair) for pair in zip(*ranks, strict=True)]
            ends = [truth.values[there[one]] for one in names]
            for name, reading in readings.items():
                one = compare(ends, [known[each] for each in names], reading)
                found.append(
                    f"| {regime} | {len(seeds)} | {len(names)} | {rung:,} | "
                    f"{'measured' if below is None else 'projected'} | {name} | {against[place]} | {one.shares:.2f} | "
                    f"{one.tokens:.2f} | {one.tokens - one.shares:+.2f} ({one.low:+.2f} to {one.high:+.2f}) |"
                )
    return found


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("regimes", nargs="*", choices=[*REGIMES, []], metavar="REGIME", help=f"of {', '.join(REGIMES)}")
    parser.add_argument("--seeds", type=int, default=1, help="seeds a pattern (default: 1)")
    parser.add_argument("--workers", type=int, default=1, help="processes (default: 1)")
    parser.add_argument("--cohort", type=int, default=4, help="patterns that train together (default: 4)")
    options = parser.parse_args(words)
    try:
        for name in options.regimes:
            results = Results(FOLDER / f"{name}.jsonl")
            train_missing(name, results, options.seeds, options.workers, options.cohort)
        print("| regime | seeds | patterns | steps | quality | by | base 100, steps | its tau | tau | difference |")
        print("|---|---|---|---|---|---|---|---|---|---|")
        for name, regime in REGIMES.items():
            if rows := Results(FOLDER / f"{name}.jsonl").rows():
                print("\n".join(lines(name, rows, regime.rungs, regime.against, horizon(_like()))))
        pieces = read_table(PIECES)
        print("\n".join(lines("word pieces", rows_of(pieces), pieces.plan.rungs, pieces.plan.rungs, horizon(pieces))))
    except NasError as error:
        print(f"candidate_regimes.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
