"""Whether sparse attention on a CPU pays: goals for pieces, for what `auto` picks, and for changing patterns.

    python benchmarks/attention.py

Forward + backward in float32, by the CPU time of one thread. What is compared takes turns, so that a busy machine slows
all of it; ratios are those of medians.

- Windows: causal, batch 1, 8 heads of 32, 8,192 tokens. A pattern's share of causal dense attention is that of its
  pairs; goal for a window of 256 keys: at most twice that share of its time.
- Auto: 16 heads of 16, one sequence and as many as have 4,096 tokens. Goal: at most 1.10 times masked dense attention.
  Below 512 tokens `auto` always picks dense.
- Switching: two layers of 4 heads of 16, batch 4, another of 64 patterns at every step beside the same one twice. Goal:
  at most 1.02 times a training step, which has more to do than the attention that is timed here.
"""

import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Mapping
from datetime import date

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from nas.attention.choice import choose_backend
from nas.attention.module import attend
from nas.patterns.counting.pairs import count_pairs
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full, Global, Random, Stride, Window

Heads = tuple[HeadPattern, ...]
Step = Callable[[], object]

LONG_TOKENS, LENGTHS = 8192, (512, 1024)
NUM_PATTERNS = 64


def main() -> None:
    torch.set_num_threads(1)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"{date.today()}, {machine}, one thread, torch {torch.__version__}")
    print("\n| windows | share of pairs | share of time | ratio |\n|---|---|---|---|")
    compare_windows()
    print("\n| auto | tokens | batch | backend | to masked dense |\n|---|---|---|---|---|")
    for num_tokens in LENGTHS:
        for batch_size in sorted({1, 4096 // num_tokens}):
            compare_auto(num_tokens, batch_size)
    print("\n| switching among 64 patterns | to keeping one |\n|---|---|")
    for num_tokens in (128, 1024):
        compare_switching(num_tokens)


def compare_windows() -> None:
    """Rows of the first table."""
    cases = {
        "256 keys": HeadPattern((Window(255),)),
        "256 keys, 4 global": HeadPattern((Window(255), Global(4))),
        "256 keys, 4 global, stride 64": HeadPattern((Window(255), Global(4), Stride(64))),
    }
    shape = (1, 8, LONG_TOKENS, 32)
    steps = {name: attention_step(shape, (head,) * 8, "pieces") for name, head in cases.items()}
    causal = step(shape, lambda q, k, v: scaled_dot_product_attention(q, k, v, is_causal=True))
    seconds = median_seconds(steps | {"causal": causal}, 7)
    for name, head in cases.items():
        pairs = count_pairs(head, LONG_TOKENS) / (LONG_TOKENS * (LONG_TOKENS + 1) / 2)
        own = seconds[name] / seconds["causal"]
        print(f"| {name} | {pairs:.3f} | {own:.3f} | {own / pairs:.2f} |", flush=True)


def compare_auto(num_tokens: int, batch_size: int) -> None:
    """Rows of the second table for one size."""
    n = num_tokens
    cases = {
        "16 equal windows of n / 16": (HeadPattern((Window(n // 16),)),) * 16,
        "16 equal windows of 3 n / 4": (HeadPattern((Window(3 * n // 4),)),) * 16,
        "16 different windows": tuple(HeadPattern((Window(n // 64 * i + 8),)) for i in range(16)),
        "16 different window + global + stride": tuple(
            HeadPattern((Window(8 + 4 * i), Global(1 + i % 4), Stride(8 + i))) for i in range(16)
        ),
        "4 times 4 of them": tuple(HeadPattern((Window(8 + i // 4), Global(1), Stride(8))) for i in range(16)),
        "16 different window + random blocks": tuple(
            HeadPattern((Window(8), Random(16, 2)), head=i) for i in range(16)
        ),
        "8 different windows, 8 full": tuple(HeadPattern((Window(8 + i) if i < 8 else Full(),)) for i in range(16)),
    }
    for name, heads in cases.items():
        shape = (batch_size, 16, n, 16)
        q = torch.empty(1).expand(shape)
        backend = choose_backend(heads, q, q)
        if backend == "dense":
            print(f"| {name} | {n} | {batch_size} | dense | 1 |")
            continue
        seconds = median_seconds({one: attention_step(shape, heads, one) for one in ("dense", "auto")}, 3)
        print(f"| {name} | {n} | {batch_size} | {backend} | {seconds['auto'] / seconds['dense']:.2f} |", flush=True)


def compare_switching(num_tokens: int) -> None:
    """One row of the third table: a step with each pattern, and the same step again, for all patterns in turns."""
    draw = random.Random(0)
    patterns = [tuple(drawn_layer(draw, num_tokens) for _ in range(2)) for _ in range(NUM_PATTERNS)]
    steps = [[attention_step((4, 4, num_tokens, 16), heads, "auto") for heads in one] for one in patterns]
    for layers in steps:
        run(layers)
    switching, keeping = [], []
    for _ in range(3 if num_tokens < 1024 else 1):
        for layers in steps:
            switching.append(timed(lambda layers=layers: run(layers)))  # type: ignore[misc]
            keeping.append(timed(lambda layers=layers: run(layers)))  # type: ignore[misc]
    print(f"| {num_tokens} tokens | {sum(switching) / sum(keeping):.3f} |", flush=True)


def drawn_layer(draw: random.Random, num_tokens: int) -> Heads:
    """Four heads with a window each, some with globals and strides."""
    return tuple(
        HeadPattern(
            (
                Window(draw.randrange(4, num_tokens // 4)),
                *([Global(draw.randrange(1, 5))] if draw.random() < 0.5 else []),
                *([Stride(draw.choice([8, 16, 32]))] if draw.random() < 0.3 else []),
            )
        )
        for _ in range(4)
    )


def attention_step(shape: tuple[int, int, int, int], heads: Heads, backend: str) -> Step:
    """Forward and backward pass of heads, ready to call."""
    return step(shape, lambda q, k, v: attend(q, k, v, heads, backend))


def step(shape: tuple[int, int, int, int], attention: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Step:
    """One forward and backward pass, ready to call."""
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(shape, generator=generator).requires_grad_() for _ in range(3))
    upstream = torch.randn(shape, generator=generator)
    return lambda: torch.autograd.grad(attention(q, k, v), (q, k, v), upstream)


def run(layers: list[Step]) -> None:
    for layer in layers:
        layer()


def median_seconds(steps: Mapping[str, Step], repeats: int) -> dict[str, float]:
    """The steps take turns, after one that makes masks and plans."""
    for one in steps.values():
        one()
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(repeats):
        for name, one in steps.items():
            seconds[name].append(timed(one))
    return {name: statistics.median(times) for name, times in seconds.items()}


def timed(call: Step) -> float:
    """Its CPU time, in seconds."""
    start = time.process_time()
    call()
    return time.process_time() - start


if __name__ == "__main__":
    main()
