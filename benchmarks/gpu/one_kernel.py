"""One FlexAttention kernel for twenty patterns of the default space, beside dense attention in float32.

`largest difference` is of the output and of the gradients, as a share of the largest entry of the dense one. On a CPU
there is only the forward pass, uncompiled, and nothing to count.
"""

import time
from collections.abc import Sequence
from itertools import islice

import torch
from torch import Tensor

from nas.attention import attend
from nas.patterns.head import HeadPattern

from .place import Parts, Place, head, parse, row
from .workload import LONG, TINY

NUM_PATTERNS = 20


def main(words: Sequence[str] | None = None) -> None:
    place = parse(__doc__, words)
    workload = TINY if place.small else LONG
    patterns = list(islice(workload.patterns(), 1, 1 + (2 if place.small else NUM_PATTERNS)))
    layers = [pattern.layers[0].head_patterns() for pattern in patterns]
    head(
        "inputs", "patterns", "first call, s", "a further one, s", "graphs", "largest difference: output", "q", "k", "v"
    )
    d_head = workload.proxy.d_model // workload.proxy.num_heads
    inputs = draw(place, len(layers[0]), workload.text.num_tokens, d_head)
    parts = Parts()
    for dtype in (torch.bfloat16, torch.float32):
        name = str(dtype).removeprefix("torch.")
        with parts.part(name):
            row(name, str(len(layers)), *compared(inputs, layers, dtype, place))
    parts.end()


def compared(
    inputs: Sequence[Tensor], layers: Sequence[tuple[HeadPattern, ...]], dtype: torch.dtype, place: Place
) -> list[str]:
    """The cells of one type of input."""
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    seconds, largest = [], list[list[float]]()
    for heads in layers:
        start = time.perf_counter()
        ours = results(inputs, heads, "flex", dtype, place)
        seconds.append(time.perf_counter() - start)
        largest.append(differences(ours, results(inputs, heads, "dense", torch.float32, place)))
    worst = [f"{max(column):.1e}" for column in zip(*largest, strict=True)]
    graphs = torch._dynamo.utils.counters["stats"]["unique_graphs"] if place.on_gpu else "-"
    further = sum(seconds[1:]) / len(seconds[1:])
    return [f"{seconds[0]:.2f}", f"{further:.3f}", str(graphs), *worst, *["-"] * (4 - len(worst))]


def draw(place: Place, num_heads: int, num_tokens: int, d_head: int) -> list[Tensor]:
    """Queries, keys and values in float32, the same on every device."""
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(2, num_heads, num_tokens, d_head, generator=generator).to(place.device) for _ in range(3)]


def results(
    inputs: Sequence[Tensor], heads: tuple[HeadPattern, ...], backend: str, dtype: torch.dtype, place: Place
) -> list[Tensor]:
    """The output, and on a GPU the gradients of the sum of its squares."""
    q, k, v = (tensor.detach().to(dtype).requires_grad_(place.on_gpu) for tensor in inputs)
    out = attend(q, k, v, heads, backend)
    gradients = torch.autograd.grad(out.float().square().sum(), [q, k, v]) if place.on_gpu else ()
    place.synchronize()
    return [out.detach(), *gradients]


def differences(ours: Sequence[Tensor], dense: Sequence[Tensor]) -> list[float]:
    """The largest difference of each tensor, as a share of the dense one's largest entry."""
    return [
        ((one.float() - other).abs().max() / other.abs().max()).item() for one, other in zip(ours, dense, strict=True)
    ]


if __name__ == "__main__":
    main()
