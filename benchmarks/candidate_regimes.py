"""Regimes that `nas` does not have, tried on the drawn patterns: averages along the trunk, and needles in the text.

    python benchmarks/candidate_regimes.py averages --seeds 2   # half an hour on one core; stopped, it goes on
    python benchmarks/candidate_regimes.py needles
    python benchmarks/candidate_regimes.py                      # what is known so far, nothing is trained

`averages` scores a rung by the mean of the trunk's weights over its last fifth, where `nas` lets the learning rate
fall on a branch (Li et al. 2025, arXiv 2505.12082, section 3, merge checkpoints of a constant rate so). `needles` puts
pairs of a key and a value into the training text, which are asked for further on, and scores plain text and the asked
values apart. Both are otherwise trained as tables/ladder/S-base100-drawn.jsonl, with which they are compared, by the
same seeds: Kendall's tau with the end of tables/ladder/M-drawn.jsonl, as measured and as projected to 20 tokens a
parameter, and the difference with its 90% interval over patterns drawn with replacement.
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
from transfer import TRAINED, Truth, projections_at, values_at

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
FOLDER = Path(__file__).parent / "results"
RUNGS = (240, 480, 960)
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


def averages(trainer: CohortTrainer, state: CohortState) -> Iterator[tuple[int, CohortState, Scores]]:
    """Train the trunk from rung to rung, and score the mean of the weights since a branch would have left it."""
    for rung in RUNGS:
        state = trainer.train(state, branch_start(rung, trainer.training))
        weights = []
        while state.step < rung:
            state = trainer.train(state, min(rung, state.step + APART))
            weights.append(state.weights)
        mean = replace(state, weights=torch.stack(weights).mean(dim=0))
        found = validate(mean, trainer.task, trainer.proxy, device="cpu")
        yield rung, state, tuple({"text": value} for value in found)


def needles(trainer: CohortTrainer, state: CohortState) -> Iterator[tuple[int, CohortState, Scores]]:
    """Train trunk and branches on text with needles, and score plain text and the asked values."""
    text = trainer.task
    asked = NeedleText(_text(), values_alone=True)
    trainer = replace(trainer, task=NeedleText(_text()))
    for rung in RUNGS:
        state = trainer.train(state, branch_start(rung, trainer.training))
        ended, _ = trainer.train_branch(state, rung)
        both = [validate(ended, task, trainer.proxy, device="cpu") for task in (text, asked)]
        yield rung, state, tuple({"text": plain, "values": value} for plain, value in zip(*both, strict=True))


REGIMES: Mapping[str, Callable[[CohortTrainer, CohortState], Iterator[tuple[int, CohortState, Scores]]]] = {
    "averages": averages,
    "needles": needles,
}


@cache
def _like() -> Table:
    return read_table(LIKE)


def _text() -> TextSettings:
    task = _like().header.settings["task"]
    return TextSettings(num_tokens=task["num_tokens"], validation_sequences=task["validation_sequences"])


def train(regime: str, patterns: Sequence[ModelPattern], seed: int) -> list[dict[str, object]]:
    """The rows of some patterns, which train as one cohort."""
    torch.set_num_threads(1)
    like, task = _like(), TextTask(_text())
    members = [Member(pattern=one, seed=seed, learning_rate=like.plan.learning_rates[0]) for one in patterns]
    trainer = CohortTrainer(task=task, proxy=like.proxy, training=like.training, data_seed=seed)
    rows: list[dict[str, object]] = []
    for rung, _, scores in REGIMES[regime](trainer, trainer.initial(members)):
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


def train_missing(regime: str, results: Results, num_seeds: int, workers: int, cohort: int) -> None:
    """Train what the results lack, the first seed of all patterns before the second."""
    done = {(row["pattern_id"], row["seed"]) for row in results.rows()}
    jobs = []
    for seed in range(num_seeds):
        missing = [one.pattern for one in _like().plan.entries if (one.pattern.id, seed) not in done]
        jobs += [(missing[start : start + cohort], seed) for start in range(0, len(missing), cohort)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for number, job in enumerate(as_completed([pool.submit(train, regime, *one) for one in jobs]), 1):
            results.add(job.result())
            print(f"{regime}: {number} of {len(jobs)} cohorts", file=sys.stderr, flush=True)


def by_seed(rows: Sequence[Mapping[str, object]], name: str, rung: int) -> dict[int, dict[str, float]]:
    """What was measured at a rung, by seed and pattern."""
    found: dict[int, dict[str, float]] = {}
    for row in rows:
        if row["step"] == rung and name in row:
            found.setdefault(int(str(row["seed"])), {})[str(row["pattern_id"])] = float(str(row[name]))
    return found


def read_as(rows: Sequence[Mapping[str, object]], name: str, rung: int, *, ahead: bool) -> dict[str, float]:
    """Means over seeds by pattern, as measured or as projected from this rung and the one below it."""
    after = by_seed(rows, name, rung)
    if ahead:
        below = max((one for one in RUNGS if one < rung), default=None)
        before = by_seed(rows, name, below) if below is not None else {}
        after = {
            seed: {
                one: projected((below or 0, before[seed][one]), (rung, value), _horizon()) for one, value in own.items()
            }
            for seed, own in after.items()
            if seed in before
        }
    seeds = list(after)
    shared = set.intersection(*(set(after[seed]) for seed in seeds)) if seeds else set()
    return {one: fmean(after[seed][one] for seed in seeds) for one in shared}


def _horizon() -> int:
    like = _like()
    target = like.proxy.target(like.task.num_tokens, like.task.vocab_size)
    return round(TRAINED * target_parameters(target) / (like.training.batch_size * like.task.num_tokens))


def lines(regime: str, rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Markdown: a row for each rung and each way to read it."""
    truth, seeds = Truth.of(read_table(LARGER)), sorted({int(str(row["seed"])) for row in rows})
    like = with_seeds(_like(), seeds)
    there = {entry.pattern.id: truth.counterpart(like, entry) for entry in like.plan.entries}
    found = []
    for rung in RUNGS:
        for how, at in (("measured", values_at), ("projected", projections_at)):
            ahead = how == "projected"
            text, values = (read_as(rows, name, rung, ahead=ahead) for name in ("text", "values"))
            known = at(like, rung)
            names = sorted(one for one in text if one in known and there[one] in truth.values)
            if len(names) < 2:
                continue
            readings = {"text": [text[one] for one in names]}
            if values:
                own = read_as(rows, "values", rung, ahead=False)
                readings["values"] = [own[one] for one in names]
                ranks = [rank_shares(one, "minimize") for one in readings.values()]
                readings["both"] = [sum(pair) for pair in zip(*ranks, strict=True)]
            ends = [truth.values[there[one]] for one in names]
            for name, reading in readings.items():
                one = compare(ends, [known[each] for each in names], reading)
                found.append(
                    f"| {regime} | {len(seeds)} | {len(names)} | {rung} | {how} | {name} | {one.shares:.2f} | "
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
        for regime in options.regimes:
            results = Results(FOLDER / f"{regime}.jsonl")
            train_missing(regime, results, options.seeds, options.workers, options.cohort)
        print("| regime | seeds | patterns | steps | quality | by | tau with branches on text | tau | difference |")
        print("|---|---|---|---|---|---|---|---|---|")
        for regime in REGIMES:
            if rows := Results(FOLDER / f"{regime}.jsonl").rows():
                print("\n".join(lines(regime, rows)))
    except NasError as error:
        print(f"candidate_regimes.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
