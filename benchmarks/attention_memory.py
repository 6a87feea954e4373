"""Pieces beside dense attention: time and peak memory of forward + backward, in one run.

    python benchmarks/attention_memory.py --tokens 2048 4096 8192 16384

Causal, batch 2, 8 heads of 32: every head a window of 256 keys and 4 global tokens, half of them a stride of 64
besides. `masked dense` gets the same mask; `causal dense` has no mask but the causal one, so it computes another
thing, and is what a pattern must beat to be worth having.

Variants take turns, so that a busy machine slows all of them; times are medians. Peak memory is measured in a
fresh process for each figure: the highest resident size, less that before the first step.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from nas.attention.dense import dense_attention
from nas.attention.pieces import pieces_attention
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Global, Stride, Window

BATCH, D_HEAD = 2, 32
LOCAL = HeadPattern((Window(255), Global(4)))
STRIDED = HeadPattern((Window(255), Global(4), Stride(64)))
HEADS = (LOCAL,) * 4 + (STRIDED,) * 4

VARIANTS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "masked dense": lambda q, k, v: dense_attention(q, k, v, HEADS),
    "causal dense": lambda q, k, v: scaled_dot_product_attention(q, k, v, is_causal=True),
    "pieces": lambda q, k, v: pieces_attention(q, k, v, HEADS),
}


def main() -> None:
    options = parse()
    torch.set_num_threads(options.threads)
    if options.memory_of:
        print(peak_bytes(options.memory_of, options.tokens[0]))
        return
    print(f"{date.today()}, {platform.machine()}, {os.cpu_count()} cores, load", end=" ")
    print(
        f"{os.getloadavg()[0]:.1f}, {options.threads} threads, torch {torch.__version__}, median of {options.repeats}"
    )
    print("| tokens | variant | seconds | to masked dense | to causal dense | peak MiB |")
    print("|---|---|---|---|---|---|")
    for num_tokens in options.tokens:
        names = [name for name in VARIANTS if name != "masked dense" or num_tokens <= options.masked_up_to]
        seconds = median_seconds(names, num_tokens, options.repeats)
        for name in names:
            print(row(name, num_tokens, seconds, options.threads), flush=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, nargs="+", default=[2048, 4096, 8192, 16384])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--masked-up-to", type=int, default=8192, help="longest masked dense; 16384 needs about 14 GB of memory"
    )
    parser.add_argument("--memory-of", choices=VARIANTS, help=argparse.SUPPRESS)
    return parser.parse_args()


def step(name: str, num_tokens: int) -> Callable[[], object]:
    """One forward and backward pass of a variant, ready to call."""
    generator = torch.Generator().manual_seed(0)
    shape = (BATCH, len(HEADS), num_tokens, D_HEAD)
    q, k, v = (torch.randn(shape, generator=generator).requires_grad_() for _ in range(3))
    upstream = torch.randn(shape, generator=generator)
    return lambda: torch.autograd.grad(VARIANTS[name](q, k, v), (q, k, v), upstream)


def median_seconds(names: list[str], num_tokens: int, repeats: int) -> dict[str, float]:
    steps = {name: step(name, num_tokens) for name in names}
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(repeats + 1):
        for name, run in steps.items():
            start = time.perf_counter()
            run()
            if turn:  # the first makes masks and plans
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def peak_bytes(name: str, num_tokens: int) -> int:
    """In this process, which must have done nothing before."""
    step(name, 128)()  # libraries load their code on first use
    run = step(name, num_tokens)
    before = resident_bytes("VmRSS")
    run()
    return resident_bytes("VmHWM") - before


def resident_bytes(field: str) -> int:
    """From Linux's own books; getrusage's ru_maxrss would count the process that started this one."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


def row(name: str, num_tokens: int, seconds: dict[str, float], threads: int) -> str:
    command = [sys.executable, __file__, "--memory-of", name, "--tokens", str(num_tokens), "--threads", str(threads)]
    peak = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    ratios = [f"{seconds[name] / seconds[dense]:.2f}" if dense in seconds else "" for dense in list(VARIANTS)[:2]]
    return f"| {num_tokens} | {name} | {seconds[name]:.3f} | {ratios[0]} | {ratios[1]} | {peak / 2**20:.0f} |"


if __name__ == "__main__":
    main()
