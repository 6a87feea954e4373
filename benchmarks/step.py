"""CPU time of a training step beside that of the matrix products it cannot do without, in one run.

    python benchmarks/step.py --presets quick

`bare` are the products of the linear layers and of attention (scores and mixing, all pairs), forward and backward, of
the same shapes and nothing else: no softmax, no norms, no optimiser. `step` is a step of the proxy as it is trained,
`trained` the same inside the trainer, with Lightning and the batches. The three take turns, with one thread; medians
are shown, and ratios to `bare`.

Then a loop that trains another of many patterns at every step, all with the same weights: the first step with a pattern
beside a second one right after it. Goal: at most 1.02.
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from datetime import date
from itertools import cycle, islice

import torch
from torch import Tensor
from torch.optim import Optimizer

from nas.config.load import load_settings
from nas.proxy.member import Member
from nas.proxy.training.cohort_trainer import CohortTrainer
from nas.proxy.training.data import as_tensors
from nas.proxy.training.lightning_module import ProxyModule
from nas.search.problem.problem import make_problem
from nas.space.random_suggester import RandomSuggester

PRESETS = ("smoke", "quick", "overnight", "table")
FOR_A_GPU = ("gpu",)
"""Presets whose step takes a core many seconds, measured if they are named."""
NUM_PATTERNS = 32
"""Patterns among which a loop switches."""

TRAINED_STEPS = 16
"""Steps of one call of the trainer, whose own time is shared among them."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presets", nargs="+", default=PRESETS, choices=(*PRESETS, *FOR_A_GPU))
    parser.add_argument("--cohorts", nargs="+", type=int, default=[1, 4, 16], metavar="K")
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(1)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, 1 thread"
    print(f"{date.today()}, {machine}, torch {torch.__version__}, median of {options.repeats}")
    print("| preset | tokens | cohort | bare, CPU ms | step, CPU ms | step / bare | trained / bare |")
    print("|---|---|---|---|---|---|---|")
    for preset in options.presets:
        for num_members in options.cohorts:
            trainer, members = cohort_of(preset, num_members)
            bare, step, trained = medians(trainer, members, options.repeats)
            times = f"{1000 * bare:.1f} | {1000 * step:.1f} | {step / bare:.2f} | {trained / bare:.2f}"
            print(f"| {preset} | {trainer.task.num_tokens} | {num_members} | {times} |", flush=True)
    print(f"\n| preset | a step after switching among {NUM_PATTERNS} patterns, to one after another step of the same |")
    print("|---|---|")
    for preset in options.presets:
        print(f"| {preset} | {switching(*cohort_of(preset, NUM_PATTERNS), options.repeats):.3f} |", flush=True)


def cohort_of(preset: str, num_members: int) -> tuple[CohortTrainer, list[Member]]:
    """The trainer of a preset, and patterns of its space, full attention first, as a cohort."""
    (settings,) = load_settings([f"preset={preset}", "tracking=none", "device=cpu"])
    problem = make_problem(settings)
    trainer = CohortTrainer(task=problem.task, proxy=settings.proxy, training=settings.training, data_seed=0)
    drawn = [problem.sample(RandomSuggester(seed)) for seed in range(max(8, num_members))]
    patterns = islice(cycle([problem.baselines["full"], *drawn]), num_members)
    return trainer, [Member(pattern=pattern, seed=0, learning_rate=1e-3) for pattern in patterns]


def medians(trainer: CohortTrainer, members: list[Member], repeats: int) -> tuple[float, float, float]:
    """CPU seconds of the bare products, of a step, and of a step inside the trainer."""
    runs = (bare_products(trainer, len(members)), one_step(trainer, members), trained_step(trainer, members))
    seconds: list[list[float]] = [[], [], []]
    for turn in range(repeats + 1):
        for run, times in zip(runs, seconds, strict=True):
            spent = run()
            if turn:  # the first makes masks and plans
                times.append(spent)
    bare, step, trained = map(statistics.median, seconds)
    return bare, step, trained


def bare_products(trainer: CohortTrainer, num_members: int) -> Callable[[], float]:
    """The products of one step, forward and backward; equal shapes share their operands, which stay in the cache."""
    shapes = product_shapes(trainer, num_members)
    made = {shape: operands_of(*shape) for shape in shapes}
    operands = [made[shape] for shape in shapes]

    def run() -> float:
        start = time.process_time()
        for left, right, upstream in operands:
            torch.bmm(left, right)
            torch.bmm(upstream, right.mT)
            torch.bmm(left.mT, upstream)
        return time.process_time() - start

    return run


def product_shapes(trainer: CohortTrainer, num_members: int) -> list[tuple[int, int, int, int]]:
    """(batch, rows, inner, columns) of every product of a forward pass."""
    proxy, task, batch = trainer.proxy, trainer.task, trainer.training.batch_size
    width, tokens = proxy.d_model, task.num_tokens
    places, heads = batch * tokens, batch * num_members * proxy.num_heads
    d_head, hidden = width // proxy.num_heads, proxy.mlp_ratio * width
    linear = [(width, 3 * width), (width, width), (width, hidden), (hidden, width)]
    layer = [(num_members, places, inner, columns) for inner, columns in linear]
    layer += [(heads, tokens, d_head, tokens), (heads, tokens, tokens, d_head)]
    return layer * proxy.num_layers + [(num_members, places, width, task.vocab_size)]


def operands_of(batch: int, rows: int, inner: int, columns: int) -> tuple[Tensor, Tensor, Tensor]:
    """Random factors of a product, and a gradient of its result."""
    return torch.randn(batch, rows, inner), torch.randn(batch, inner, columns), torch.randn(batch, rows, columns)


def switching(trainer: CohortTrainer, members: list[Member], repeats: int) -> float:
    """CPU time of the first of two steps with each pattern, as a share of that of the second; medians."""
    first, *others = (module_of(trainer, [member]) for member in members)
    for other in others:
        other.model.rows = first.model.rows
    optimizer = first.configure_optimizers()
    runs = [step_of(trainer, module, optimizer) for module in (first, *others)]
    seconds: list[list[float]] = [[], []]
    for turn in range(repeats + 1):
        for run in runs:
            spent = run(), run()
            if turn:  # the first makes masks
                for times, one in zip(seconds, spent, strict=True):
                    times.append(one)
    switched, kept = map(statistics.median, seconds)
    return switched / kept


def one_step(trainer: CohortTrainer, members: list[Member]) -> Callable[[], float]:
    """Forward, backward and the optimiser, without Lightning; the batch is made before."""
    module = module_of(trainer, members)
    return step_of(trainer, module, module.configure_optimizers())


def module_of(trainer: CohortTrainer, members: list[Member]) -> ProxyModule:
    """Members before their first step, as Lightning trains them."""
    state, training = trainer.initial(members), trainer.training
    module = ProxyModule(state, trainer.task, trainer.proxy, training, trainer.backend, None, lambda: None)
    module.on_train_epoch_start()
    return module


def step_of(trainer: CohortTrainer, module: ProxyModule, optimizer: Optimizer) -> Callable[[], float]:
    """One step, ready to call; it returns its CPU time, in seconds."""
    batch = as_tensors(trainer.task.train_batch(0, trainer.training.batch_size, 0))

    def run() -> float:
        start = time.process_time()
        optimizer.zero_grad()
        module.loss(batch).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return time.process_time() - start

    return run


def trained_step(trainer: CohortTrainer, members: list[Member]) -> Callable[[], float]:
    """A step of a call of the trainer."""
    state = trainer.initial(members)

    def run() -> float:
        start = time.process_time()
        trainer.train(state, TRAINED_STEPS)
        return (time.process_time() - start) / TRAINED_STEPS

    return run


if __name__ == "__main__":
    main()
