"""Regimes that `nas` does not have, tried on the drawn patterns: averages along the trunk, and needles in the text.

    python benchmarks/candidate_regimes.py                             # what is known so far, nothing is trained
    python benchmarks/candidate_regimes.py --train averages needles    # half an hour each; stopped, it goes on

`averages` scores a rung by the mean of the trunk's weights over its last fifth, where `nas` lets the learning rate
fall on a branch (Li et al. 2025, arXiv 2505.12082, merge checkpoints of a constant rate so); `longer_averages` does it
at rungs a quarter longer, which cost as much as shorter ones with branches. `needles` puts pairs of a key and a value
into the training text, which are asked for further on, and scores plain text and the asked values apart. All are
otherwise trained as tables/ladder/S-base100-drawn.jsonl, with which they are compared, by the same seeds: Kendall's
tau with the end of tables/ladder/M-drawn.jsonl, as measured and as projected to 20 tokens a parameter, and the
difference with its 90% interval over patterns drawn with replacement. So are two tables of the ladder, of word pieces,
which benchmarks/word_pieces.py says how to build, and of batches of two sequences for twice the steps.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import torch
from msgspec import Struct, json, structs
from needle_text import NeedleText
from transfer import LEAST, Truth, projections_at, values_at, with_seeds
from two_rankings import compare

from nas.errors import NasError
from nas.ground_truth.file import Table, read_table
from nas.patterns.model import ModelPattern
from nas.proxy.member import Member
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training.cohort_trainer import CohortTrainer
from nas.proxy.training.metrics import validate
from nas.proxy.training.schedule import branch_start
from nas.statistics.ranks import rank_shares
from nas.tasks.language.text import TextSettings, TextTask

TABLES = Path(__file__).parents[1] / "tables"
LIKE, LARGER, PIECES, SMALL_BATCHES = (
    TABLES / "ladder" / f"{name}-drawn.jsonl" for name in ("S-base100", "M", "S-pieces", "S-batch2")
)
FOLDER = Path(__file__).parent / "results"
APART = 8
"""Steps between two weights of an average."""


class Row(Struct, frozen=True, omit_defaults=True):
    """What was measured of a pattern at a rung.

    Args:
        pattern_id: of the pattern.
        seed: of its weights and batches.
        step: the rung, in optimiser steps.
        text: quality on plain text, in bits per byte.
        values: loss on the values that needles are asked for, in nats per byte; None without needles.
    """

    pattern_id: str
    seed: int
    step: int
    text: float
    values: float | None = None


Scores = Iterator[list[tuple[float, float | None]]]
"""At every rung, `text` and `values` of every member."""


@dataclass(frozen=True, slots=True)
class Regime:
    """A way to train, and what it is compared with.

    Args:
        train: trains a cohort from its start, and scores it at every rung of those that are given.
        rungs: in optimiser steps, ascending.
        against: the rungs of the table that these are compared with, one each.
    """

    train: Callable[[CohortTrainer, CohortState, Sequence[int]], Scores]
    rungs: tuple[int, ...]
    against: tuple[int, ...] = (240, 480, 960)


def averages(trainer: CohortTrainer, state: CohortState, rungs: Sequence[int]) -> Scores:
    """Train the trunk from rung to rung, and score the mean of the weights since a branch would have left it."""
    for rung in rungs:
        state = trainer.train(state, branch_start(rung, trainer.training))
        weights = []
        while state.step < rung:
            state = trainer.train(state, min(rung, state.step + APART))
            weights.append(state.weights)
        mean = replace(state, weights=torch.stack(weights).mean(dim=0))
        yield [(value, None) for value in validate(mean, trainer.task, trainer.proxy, device="cpu")]


def needles(trainer: CohortTrainer, state: CohortState, rungs: Sequence[int]) -> Scores:
    """Train trunk and branches on text with needles, and score plain text and the asked values."""
    tasks = trainer.task, NeedleText(_text(), values_alone=True)
    trainer = replace(trainer, task=NeedleText(_text()))
    for rung in rungs:
        state = trainer.train(state, branch_start(rung, trainer.training))
        ended, _ = trainer.train_branch(state, rung)
        text, values = (validate(ended, task, trainer.proxy, device="cpu") for task in tasks)
        yield list(zip(text, values, strict=True))


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


def train(regime: Regime, patterns: Sequence[ModelPattern], seed: int) -> list[Row]:
    """The rows of some patterns, which train as one cohort."""
    torch.set_num_threads(1)
    like = _like()
    members = [Member(pattern=one, seed=seed, learning_rate=like.plan.learning_rates[0]) for one in patterns]
    trainer = CohortTrainer(task=TextTask(_text()), proxy=like.proxy, training=like.training, data_seed=seed)
    scores = regime.train(trainer, trainer.initial(members), regime.rungs)
    return [
        Row(pattern.id, seed, rung, *own)
        for rung, found in zip(regime.rungs, scores, strict=True)
        for pattern, own in zip(patterns, found, strict=True)
    ]


def known_rows(path: Path) -> list[Row]:
    """What has been trained in a regime, by its file."""
    return json.Decoder(Row).decode_lines(path.read_bytes()) if path.exists() else []


def train_missing(regime: Regime, path: Path, num_seeds: int, workers: int, cohort: int) -> None:
    """Train what a file lacks, the first seed of all patterns before the second."""
    done = {(row.pattern_id, row.seed) for row in known_rows(path)}
    jobs = []
    for seed in range(num_seeds):
        missing = [one.pattern for one in _like().plan.entries if (one.pattern.id, seed) not in done]
        jobs += [(missing[start : start + cohort], seed) for start in range(0, len(missing), cohort)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool, path.open("ab") as file:
        for number, job in enumerate(as_completed([pool.submit(train, regime, *one) for one in jobs]), 1):
            file.write(json.Encoder().encode_lines(job.result()))
            file.flush()
            print(f"{path.stem}: {number} of {len(jobs)} cohorts", file=sys.stderr, flush=True)


def as_table(regime: Regime, rows: Sequence[Row], name: str) -> Table:
    """What was measured, as a table of the patterns and seeds that were trained.

    Args:
        regime: how they were trained.
        rows: what was measured.
        name: the field of a row that is the quality.
    """
    like = _like()
    known = {(row.pattern_id, row.seed): row for row in like.rows}
    found = [
        structs.replace(known[row.pattern_id, row.seed], step=row.step, quality=getattr(row, name)) for row in rows
    ]
    return replace(like, plan=replace(like.plan, rungs=regime.rungs), rows=tuple(found))


def lines(name: str, table: Table, against: Sequence[int | None], asked: Table | None = None) -> list[str]:
    """Markdown: a row for each rung, measured and from the second on projected, and each thing that is ranked by.

    Args:
        name: of the regime.
        table: qualities on text.
        against: the rungs of base 100 that the table's are compared with, one each; None for one without.
        asked: losses on the asked values.
    """
    truth, like = Truth.of(read_table(LARGER)), with_seeds(_like(), {row.seed for row in table.rows})
    there = {entry.pattern.id: truth.counterpart(like, entry) for entry in like.plan.entries}
    found = []
    for rung, other in zip(table.plan.rungs, against, strict=True):
        if other is None:
            continue
        for how, at in (("measured", values_at), ("projected", projections_at)):
            known, text = at(like, other), at(table, rung)
            names = sorted(one for one in text if one in known and there[one] in truth.values)
            if len(names) < LEAST:
                continue
            readings = {"text": [text[one] for one in names]}
            if asked is not None:
                values = values_at(asked, rung)
                readings["values"] = [values[one] for one in names]
                ranks = [rank_shares(one, "minimize") for one in readings.values()]
                readings["both"] = [sum(pair) for pair in zip(*ranks, strict=True)]
            ends, base = [truth.values[there[one]] for one in names], [known[one] for one in names]
            for what, reading in readings.items():
                one = compare(ends, base, reading)
                found.append(
                    f"| {name} | {len(names)} | {rung:,} | {how} | {what} | {other} | {one.first:.2f} | "
                    f"{one.second:.2f} | {one.difference} |"
                )
    return found


def known_lines() -> list[str]:
    """The same of all regimes, as far as they are trained."""
    found = [
        "| regime | patterns | steps | quality | by | base 100, steps | its tau | tau | difference |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, regime in REGIMES.items():
        if rows := known_rows(FOLDER / f"{name}.jsonl"):
            asked = None if rows[0].values is None else as_table(regime, rows, "values")
            found += lines(name, as_table(regime, rows, "text"), regime.against, asked)
    pieces, batches = read_table(PIECES), read_table(SMALL_BATCHES)
    found += lines("word pieces", pieces, pieces.plan.rungs)
    found += lines("batches of two", batches, (None, *batches.plan.rungs[:-1]))
    return found + lines("batches of two, as many steps", batches, batches.plan.rungs)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", nargs="+", choices=list(REGIMES), default=[], help="regimes to complete first")
    parser.add_argument("--seeds", type=int, default=1, help="seeds a pattern (default: 1)")
    parser.add_argument("--workers", type=int, default=1, help="processes (default: 1)")
    parser.add_argument("--cohort", type=int, default=4, help="patterns that train together (default: 4)")
    options = parser.parse_args(words)
    try:
        for name in options.train:
            path = FOLDER / f"{name}.jsonl"
            train_missing(REGIMES[name], path, options.seeds, options.workers, options.cohort)
        print("\n".join(known_lines()))
    except NasError as error:
        print(f"candidate_regimes.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
