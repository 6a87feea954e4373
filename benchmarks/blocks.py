"""CPU time and memory of `visible_blocks`: 64 different heads, in blocks of 128 x 128.

    python benchmarks/blocks.py

Each case runs in a process of its own. `seconds` is the CPU time for all heads; `peak` is what the process holds at
most, beyond what it holds before; the blocks of all heads are kept. `nonempty` and `full` are shares of all blocks.
"""

import argparse
import multiprocessing
import os
import platform
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date

import numpy as np

from nas.patterns.blocks.tiling import Tiling
from nas.patterns.blocks.visible import visible_blocks
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Global, Neighborhood, Random, Stride, Stripe, Window

NUM_HEADS, GRID = 64, (128, 256)

CASES: dict[str, Callable[[int], HeadPattern]] = {
    "window": lambda i: HeadPattern((Window(64 * i + 63),)),
    "window, global": lambda i: HeadPattern((Window(64 * i + 63), Global(i + 1))),
    "window, global, stride": lambda i: HeadPattern((Window(64 * i + 63), Global(i + 1), Stride(8 * i + 16))),
    "window, 3 random blocks of 64": lambda i: HeadPattern((Window(64 * i + 63), Random(64, 3)), head=i),
    "window, 3 random blocks of 64, stride": lambda i: HeadPattern((Window(i), Random(64, 3), Stride(i + 64)), head=i),
    "neighborhood on a grid of 128 x 256": lambda i: HeadPattern((Neighborhood(2 * i + 1, 7),), False, grid=GRID),
    "stripes on a grid of 128 x 256": lambda i: HeadPattern((Stripe("column", i + 1),), False, grid=GRID),
}


@dataclass(frozen=True)
class Figures:
    """CPU time in seconds, memory in MiB, and shares of blocks."""

    seconds: float
    peak_mib: float
    nonempty: float
    full: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=32768, help="tokens of patterns without a grid")
    options = parser.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, one thread"
    print(f"{date.today()}, {machine}, numpy {np.__version__}, {options.tokens} tokens, {NUM_HEADS} different heads")
    print("| heads | nonempty | full | seconds | peak MiB |")
    print("|---|---|---|---|---|")
    for name in CASES:
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=spawn) as alone:
            one = alone.submit(measure, name, options.tokens).result()
        print(f"| {name} | {one.nonempty:.1%} | {one.full:.1%} | {one.seconds:.2f} | {one.peak_mib:.0f} |", flush=True)


def measure(name: str, num_tokens: int) -> Figures:
    heads = [CASES[name](number) for number in range(NUM_HEADS)]
    tiling = Tiling(GRID[0] * GRID[1] if heads[0].grid else num_tokens)
    before, start = peak_mib(), time.process_time()
    blocks = [visible_blocks(head, tiling) for head in heads]
    seconds = time.process_time() - start
    shares = (np.mean([getattr(one, kind).mean() for one in blocks]) for kind in ("nonempty", "full"))
    return Figures(seconds, peak_mib() - before, *map(float, shares))


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
