"""Pieces beside masked dense attention for kinds on a grid, chosen blocks and a memory: forward + backward, in one run.

    python benchmarks/attention_kinds.py --threads 2

4,096 tokens, or a grid of 64 x 64; batch 2, 8 heads of 32, float32. `scores` is the share of all queries by all keys
that pieces compute, padding of tiles included (of chosen blocks not); `pairs` the share that the pattern shows. Both
variants take turns, so that a busy machine slows both; the ratio is that of their medians.
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from datetime import date

import torch

from nas.attention.choice import score_share
from nas.attention.module import attend
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import MaskPrimitive, Neighborhood, Select, Stripe, Tile, Window

BATCH, D_HEAD, NUM_HEADS, SIDE = 2, 32, 8, 64
NUM_TOKENS = SIDE * SIDE


def on_grid(*primitives: MaskPrimitive) -> tuple[HeadPattern, ...]:
    """Heads that share the primitives out evenly."""
    heads = tuple(HeadPattern((primitive,), causal=False, grid=(SIDE, SIDE)) for primitive in primitives)
    return tuple(heads[number * len(heads) // NUM_HEADS] for number in range(NUM_HEADS))


CASES: dict[str, tuple[HeadPattern, ...]] = {
    "CSWin, stripes of 2": on_grid(Stripe("row", 2), Stripe("column", 2)),
    "CSWin, stripes of 7": on_grid(Stripe("row", 7), Stripe("column", 7)),
    "Swin, 8 x 8, shifted by 4": on_grid(Tile(8, 8, 4, 4)),
    "Swin, 7 x 7, shifted by 3": on_grid(Tile(7, 7, 3, 3)),
    "neighborhood 7 x 7": on_grid(Neighborhood(7, 7)),
    "neighborhood 13 x 13": on_grid(Neighborhood(13, 13)),
    "select 4 blocks of 64": (HeadPattern((Select(64, 4),)),) * NUM_HEADS,
    "select 8 blocks of 16": (HeadPattern((Select(16, 8),)),) * NUM_HEADS,
    "window of 128, memory of 512": (HeadPattern((Window(127),), memory_tokens=512),) * NUM_HEADS,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {options.threads} threads"
    print(f"{date.today()}, {machine}, torch {torch.__version__}, median of {options.repeats}")
    print("| heads | pairs | scores | seconds | to masked dense |")
    print("|---|---|---|---|---|")
    for name, heads in CASES.items():
        pieces, dense = median_seconds(heads, options.repeats)
        shares = f"{pair_share(heads):.1%} | {score_share(heads, NUM_TOKENS):.1%}"
        print(f"| {name} | {shares} | {pieces:.3f} | {pieces / dense:.2f} |", flush=True)


def pair_share(heads: tuple[HeadPattern, ...]) -> float:
    """Pairs that the heads show, as a share of all queries by all keys and rows of memory."""
    shown = everything = 0
    for head in heads:
        pairs = int(head.mask(NUM_TOKENS).sum()) if head.computed is None else computed_pairs(head)
        shown += pairs + NUM_TOKENS * head.memory_tokens
        everything += NUM_TOKENS * (NUM_TOKENS + head.memory_tokens)
    return shown / everything


def computed_pairs(head: HeadPattern) -> int:
    assert head.computed is not None
    return int(head.computed.row_pairs(head.context(NUM_TOKENS)).sum())


def median_seconds(heads: tuple[HeadPattern, ...], repeats: int) -> tuple[float, float]:
    """Of pieces and of masked dense."""
    steps = [step(heads, backend) for backend in ("pieces", "dense")]
    seconds: list[list[float]] = [[], []]
    for turn in range(repeats + 1):
        for run, times in zip(steps, seconds, strict=True):
            start = time.perf_counter()
            run()
            if turn:  # the first makes masks and plans
                times.append(time.perf_counter() - start)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


def step(heads: tuple[HeadPattern, ...], backend: str) -> Callable[[], object]:
    """One forward and backward pass, ready to call."""
    generator = torch.Generator().manual_seed(0)

    def draw(num_tokens: int) -> torch.Tensor:
        return torch.randn(BATCH, NUM_HEADS, num_tokens, D_HEAD, generator=generator)

    rows = max(head.memory_tokens for head in heads)
    memory = (draw(rows), draw(rows)) if rows else None
    q, k, v = (draw(NUM_TOKENS).requires_grad_() for _ in range(3))
    upstream = draw(NUM_TOKENS)
    return lambda: torch.autograd.grad(attend(q, k, v, heads, backend, memory=memory), (q, k, v), upstream)


if __name__ == "__main__":
    main()
