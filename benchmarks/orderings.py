"""Do small proxies put patterns in the order that the papers found?

    python benchmarks/orderings.py                    # all of them; one to two hours on two cores
    python benchmarks/orderings.py --only fixed-text --steps 400 --seeds 2
    python benchmarks/orderings.py --report           # what is known so far, nothing is trained

Each ordering trains its patterns with several seeds on the same batches, and tells what they show after all of the
steps, half and a quarter of them. What is trained is kept in the results file, so that a call which was stopped goes
on, and more seeds add to what is there. docs/orderings.md has our figures.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from nas.evaluation.scratch import ScratchEvaluator
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Columns, Global, Primitive, Random, Stride, Window
from nas.proxy.member import Member
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.training.schedule import rung_steps
from nas.tasks.catalog import TaskSettings, make_task
from nas.tasks.language.text import TextSettings
from nas.tasks.task import Task
from nas.tasks.vision.image import ImageSettings

NUM_LAYERS, NUM_HEADS, D_MODEL, BATCH_SIZE, NUM_RUNGS = 4, 4, 64, 8, 3


@dataclass(frozen=True, kw_only=True)
class Ordering:
    """One finding of a paper, and how it is tried here.

    Args:
        claim: what the paper found, with its figures.
        source: paper and place.
        task: what the proxies learn.
        patterns: makes the patterns by name, in the order the paper found, best first.
    """

    claim: str
    source: str
    task: TaskSettings
    patterns: Callable[[Task], dict[str, ModelPattern]]


def main() -> None:
    options = parse()
    results = Results(Path(options.results))
    for name in options.only or ORDERINGS:
        if not options.report:
            train_missing(name, results, options)
        print(report(name, results), flush=True)


def alike(task: Task, *attend: Primitive) -> ModelPattern:
    """The same union on every head of every layer."""
    return per_layer(task, [attend] * NUM_LAYERS)


def per_layer(task: Task, unions: Sequence[tuple[Primitive, ...]]) -> ModelPattern:
    """One union a layer, on all its heads."""
    return ModelPattern.of([(HeadGroup(NUM_HEADS, union),) for union in unions], causal=task.causal, grid=task.grid)


def sparse_transformer(best: str) -> Callable[[Task], dict[str, ModelPattern]]:
    """Fixed and strided attention with l near the square root of n; on images l is the width of the picture."""

    def patterns(task: Task) -> dict[str, ModelPattern]:
        stride = task.grid[1] if task.grid else round(task.num_tokens**0.5)
        after = 0 if task.causal else stride
        made = {
            "fixed": alike(task, Block(stride), Columns(stride, max(1, stride // 4))),
            "strided": alike(task, Window(stride, after), Stride(stride)),
        }
        return {name: made[name] for name in sorted(made, key=lambda name: name != best)}

    return patterns


def growing_windows(task: Task) -> dict[str, ModelPattern]:
    """Windows of 8 to 56 keys, 32 on average in all three."""
    widths = [8, 24, 40, 56]

    def windows(keys: Sequence[int]) -> ModelPattern:
        return per_layer(task, [(Window(width - 1),) for width in keys])

    return {"growing": windows(widths), "equal": windows([32] * 4), "shrinking": windows(widths[::-1])}


def random_and_window(task: Task) -> dict[str, ModelPattern]:
    """BigBird's building blocks without its global tokens: three random blocks, a window of three, and both."""
    block = max(1, task.num_tokens // 64)
    window, drawn = Window(3 * block // 2, 3 * block // 2), Random(block, 3)
    return {
        "random + window": alike(task, window, drawn),
        "random": alike(task, drawn, Block(block)),
        "window": alike(task, window),
    }


def with_global_tokens(task: Task) -> dict[str, ModelPattern]:
    """The same, each with two blocks of global tokens."""
    block = max(1, task.num_tokens // 64)
    return {
        name: per_layer(task, [(*layer.heads[0].attend, Global(block, block)) for layer in pattern.layers])
        for name, pattern in random_and_window(task).items()
    }


ORDERINGS: dict[str, Ordering] = {
    "fixed-text": Ordering(
        claim="fixed beats strided on text: 0.99 against 1.13 bits per byte (enwik8)",
        source="Child et al. 2019, table 2",
        task=TextSettings(num_tokens=256),
        patterns=sparse_transformer("fixed"),
    ),
    "strided-images": Ordering(
        claim="strided beats fixed on images: 2.80 against 2.85 bits per dimension (CIFAR-10)",
        source="Child et al. 2019, table 2",
        task=ImageSettings(source="shapes", side=16, prediction="next"),
        patterns=sparse_transformer("strided"),
    ),
    "growing-windows": Ordering(
        claim="windows that grow with depth (1.21) beat equal (1.23) and shrinking ones (1.24 bits per byte, text8)",
        source="Beltagy et al. 2020, table 4",
        task=TextSettings(num_tokens=256),
        patterns=growing_windows,
    ),
    "random-window": Ordering(
        claim="random + window beats either alone: 62.7 against 60.1 (random) and 58.3 (window) % of masked tokens",
        source="Zaheer et al. 2020, table 1",
        task=TextSettings(num_tokens=256, prediction="masked"),
        patterns=random_and_window,
    ),
    "random-window-global": Ordering(
        claim="no figure of the paper: the same with global tokens, as BigBird is used",
        source="beside Zaheer et al. 2020, table 1",
        task=TextSettings(num_tokens=256, prediction="masked"),
        patterns=with_global_tokens,
    ),
}


class Results:
    """What has been trained, in one file; a line for each training and rung."""

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = path.read_text().splitlines() if path.exists() else []
        rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
        # Rows without a rung are of trainings with a cosine, and not to be mixed with these.
        self.rows = [row for row in rows if "rung" in row]

    def has(self, ordering: str, pattern: str, seed: int, rung: int) -> bool:
        """Whether this has been trained."""
        wanted = (ordering, pattern, seed, rung)
        return any((row["ordering"], row["pattern"], row["seed"], row["rung"]) == wanted for row in self.rows)

    def add(self, rows: Sequence[dict[str, Any]]) -> None:
        """Keep more trainings; a rung that two lengths have in common is the same in both."""
        rows = [row for row in rows if not self.has(row["ordering"], row["pattern"], row["seed"], row["rung"])]
        self.rows += rows
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)


def train_missing(name: str, results: Results, options: argparse.Namespace) -> None:
    """Train what the results lack: on a GPU as one cohort, on a CPU one process a core."""
    patterns = list(ORDERINGS[name].patterns(task_of(name)))
    missing = [
        (pattern, seed)
        for seed in range(options.seeds)
        for pattern in patterns
        if not results.has(name, pattern, seed, options.steps)
    ]
    if not missing:
        return
    if options.device != "cpu":
        results.add(train(name, missing, options.steps, options.device))
        return
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(train, name, [job], options.steps, "cpu") for job in missing]
        for done, job in enumerate(as_completed(jobs), start=1):
            rows = job.result()
            results.add(rows)
            told = ", ".join(f"{row['quality']:.4f} after {row['rung']} steps" for row in rows)
            print(f"[{done}/{len(jobs)}] {name}: {rows[0]['pattern']}, seed {rows[0]['seed']}: {told}", flush=True)


def train(name: str, jobs: Sequence[tuple[str, int]], num_steps: int, device: str) -> list[dict[str, Any]]:
    """Train members side by side from rung to rung; one row for each member and rung."""
    if device == "cpu":
        torch.set_num_threads(1)
    task = task_of(name)
    patterns = ORDERINGS[name].patterns(task)
    training = TrainingSettings(num_steps=num_steps, num_rungs=NUM_RUNGS, batch_size=BATCH_SIZE)
    proxy = ProxySettings(num_layers=NUM_LAYERS, num_heads=NUM_HEADS, d_model=D_MODEL)
    members = [
        Member(pattern=patterns[pattern], seed=seed, learning_rate=training.learning_rate) for pattern, seed in jobs
    ]
    evaluator = ScratchEvaluator(task, proxy, training, data_seed=0, device=device)
    with tempfile.TemporaryDirectory() as folder:
        folders = [Path(folder) / str(number) for number in range(len(members))]
        measured = {rung: evaluator.evaluate(members, rung, folders) for rung in rung_steps(training)}
    return [
        {
            "ordering": name,
            "pattern": pattern,
            "seed": seed,
            "rung": rung,
            "quality": one.quality,
            "fingerprint": task.fingerprint,
            "versions": {"python": platform.python_version(), "torch": torch.__version__},
            "device": device,
            "date": str(date.today()),
            "training": asdict(training),
            "proxy": asdict(proxy),
        }
        for rung, measurements in measured.items()
        for (pattern, seed), one in zip(jobs, measurements, strict=True)
    ]


@lru_cache(maxsize=1)
def task_of(name: str) -> Task:
    return make_task(ORDERINGS[name].task)


def report(name: str, results: Results) -> str:
    """A table of means over the seeds, and what they say of the claim."""
    ordering, rows = ORDERINGS[name], [row for row in results.rows if row["ordering"] == name]
    lines = [f"\n## {name}", f"{ordering.claim} ({ordering.source})", ""]
    if not rows:
        return "\n".join([*lines, "nothing trained yet"])
    task = task_of(name)
    order = list(ordering.patterns(task))
    for rung in sorted({row["rung"] for row in rows}):
        qualities = {
            pattern: [row["quality"] for row in rows if (row["pattern"], row["rung"]) == (pattern, rung)]
            for pattern in order
        }
        if min(map(len, qualities.values())) < 2:
            continue
        lines += [f"{rung} steps, {task.metric.unit}:", "", "| pattern | mean | deviation | seeds |"]
        lines += ["|---|---|---|---|"]
        lines += [
            f"| {pattern} | {statistics.mean(values):.4f} | {statistics.stdev(values):.4f} | {len(values)} |"
            for pattern, values in qualities.items()
        ]
        lines += ["", verdict(qualities, better=-1 if task.metric.direction == "minimize" else 1), ""]
    return "\n".join(lines)


def verdict(qualities: dict[str, list[float]], better: int) -> str:
    """Whether the means stand in the order of the claim, and by how many deviations of a difference of means."""
    names = list(qualities)
    told = []
    for first, second in pairwise(names):
        one, other = qualities[first], qualities[second]
        gap = better * (statistics.mean(one) - statistics.mean(other))
        noise = (statistics.variance(one) / len(one) + statistics.variance(other) / len(other)) ** 0.5
        word = "cannot be told apart" if abs(gap) < 2 * noise else "agrees" if gap > 0 else "DISAGREES"
        told.append(f"{first} before {second}: {word} (gap {gap:+.4f}, {gap / max(noise, 1e-12):+.1f} deviations)")
    return "; ".join(told)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=ORDERINGS, metavar="NAME", help=f"of {', '.join(ORDERINGS)}")
    parser.add_argument("--steps", type=int, default=2000, help="optimiser steps of each training (default 2000)")
    parser.add_argument("--seeds", type=int, default=3, help="seeds of each pattern, 2 or more (default 3)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="cpu or cuda")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes on a CPU")
    parser.add_argument("--results", default="runs/orderings.jsonl", help="where trainings are kept")
    parser.add_argument("--report", action="store_true", help="train nothing, print what is known")
    options = parser.parse_args()
    if options.seeds < 2:
        sys.exit("--seeds: must be 2 or more, since the spread between them is half of the answer.")
    return options


if __name__ == "__main__":
    main()
