"""How exact profiles are: the same patterns measured again and again, alone and while other processes compute.

    python benchmarks/profiling.py --tokens 128 1024 --busy 0 1

`deviation` is the standard deviation of a pattern's latency between repeated measurements, as a share of their mean;
`of ratio` the same of its share of full attention's; `within` is the interquartile range of a profile as a share of its
latency. `sum / whole` is a profile's latency, which adds up layers that were timed one by one, divided by the median of
all layers run one after the other; both in CPU time, as the longer run is interrupted more often on a machine that is
busy. Medians over the patterns.
"""

import argparse
import multiprocessing
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

import torch

from nas.costs.target import proxy_target
from nas.patterns.model import ModelPattern
from nas.profiling.clock import time_in_turns
from nas.profiling.conditions import profile_conditions
from nas.profiling.layer_inputs import InputMaker, key_width
from nas.profiling.layer_run import layer_run
from nas.profiling.profiler import Profiler
from nas.results.profile import Phase, ProfileConditions
from nas.space.baselines import BASELINES
from nas.space.space import Shape

NAMES = ("full", "sliding_window", "longformer", "local_global", "sparse_transformer_fixed")
LAYERS, HEADS, WIDTH = 4, 4, 128


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", nargs="+", type=int, default=[128, 1024], metavar="N")
    parser.add_argument("--busy", nargs="+", type=int, default=[0, 1], help="other processes that compute meanwhile")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{date.today()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, torch {torch.__version__}, 1 thread")
    print("| tokens | phase | others | deviation | of ratio | within (IQR) | sum / whole |")
    print("|---|---|---|---|---|---|---|")
    phases: tuple[Phase, ...] = ("prefill", "decode", "train")
    for num_tokens in options.tokens:
        for phase in phases:
            for busy in options.busy:
                with _busy(busy):
                    print(
                        f"| {num_tokens} | {phase} | {busy} | {_row(num_tokens, phase, options.repeats)} |", flush=True
                    )


def _row(num_tokens: int, phase: Phase, repeats: int) -> str:
    shape = Shape(num_layers=LAYERS, num_heads=HEADS, num_tokens=num_tokens, causal=True)
    patterns = [BASELINES[name](shape) for name in NAMES]
    target = proxy_target(num_layers=LAYERS, num_heads=HEADS, num_tokens=num_tokens, d_model=WIDTH)
    conditions = profile_conditions(target, phase, "cpu", 1)
    runs = [[Profiler(conditions, "cpu").profiles([one])[0] for one in patterns] for _ in range(repeats)]
    latencies = [[profile.latency_ms for profile in run] for run in runs]
    ratios = [[one / run[0] for one in run] for run in latencies]
    within = statistics.median(profile.latency_iqr_ms / profile.latency_ms for run in runs for profile in run)
    wholes = [_whole_ms(pattern, conditions) for pattern in patterns]
    sums = [
        Profiler(conditions, "cpu", time.process_time).profiles([pattern])[0].latency_ms / whole
        for pattern, whole in zip(patterns, wholes, strict=True)
    ]
    return f"{_deviation(latencies):.1%} | {_deviation(ratios):.1%} | {within:.1%} | {statistics.median(sums):.2f}"


def _deviation(runs: Sequence[Sequence[float]]) -> float:
    columns = list(zip(*runs, strict=True))
    return float(statistics.median(statistics.stdev(column) / statistics.mean(column) for column in columns))


def _whole_ms(pattern: ModelPattern, conditions: ProfileConditions) -> float:
    maker = InputMaker(conditions, torch.device("cpu"), key_width(pattern.position, conditions))
    layers = [layer_run(layer.head_patterns(), conditions, maker) for layer in pattern.canonical().layers]

    def whole() -> None:
        for layer in layers:
            layer.run()

    return time_in_turns([whole], time.process_time)[0].median_ms


@contextmanager
def _busy(count: int) -> Iterator[None]:
    processes = [multiprocessing.get_context("spawn").Process(target=_compute, daemon=True) for _ in range(count)]
    for process in processes:
        process.start()
    time.sleep(5.0 * bool(processes))
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.join()


def _compute() -> None:
    torch.set_num_threads(1)
    matrix = torch.randn(512, 512)
    while True:
        matrix = torch.tanh(matrix @ matrix)


if __name__ == "__main__":
    main()
