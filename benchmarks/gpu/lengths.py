"""Forward and backward of attention, and its peak memory, by length: FlexAttention beside masked and causal dense.

Eight equal heads of 64 in bfloat16, 32,768 tokens in all. `tiles` are the blocks that hold a visible pair, as a share
of those of causal attention; their inverse is the ideal speed-up over causal attention, and `of the ideal` is how much
of it is reached. On a CPU flex has no backward pass, so that there the forward pass alone is timed.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from unittest.mock import patch

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from nas.attention.flex import backend, layout, mask
from nas.attention.flex.compiler import compiled_flex_attention
from nas.evaluation.out_of_memory import unless_out_of_memory
from nas.patterns.blocks.tiling import Tiling
from nas.patterns.blocks.visible import visible_blocks
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full, Global, Stride, Window

from .place import Parts, Place, head, mib, parse, row

NUM_HEADS, D_HEAD, TOKENS = 8, 64, 32_768
ORDER = ((2048, 128), (8192, 128), (32_768, 128), (8192, 64), (512, 128), (32_768, 64), (2048, 64), (65_536, 128))
"""Lengths and blocks, most telling first: every row stays when the stage is stopped."""

SMALLER_TILES = {"BLOCK_M": 64, "BLOCK_N": 64, "BLOCK_M1": 32, "BLOCK_N1": 64, "BLOCK_M2": 64, "BLOCK_N2": 32}
"""Tiles of the kernels, forward and backward, that fit into blocks of 64: its defaults do not."""

Attention = Callable[[Tensor, Tensor, Tensor], Tensor]


def main(words: Sequence[str] | None = None) -> None:
    place = parse(__doc__, words)
    head("tokens", "block", "pattern", "way", "ms", "peak MiB", "tiles", "times causal", "ideal", "of the ideal")
    parts = Parts()
    for num_tokens, block in ((256, 128),) if place.small else ORDER:
        with parts.part(str(num_tokens), str(block)):
            compare(num_tokens, block, place)
    parts.end()


def compare(num_tokens: int, block: int, place: Place) -> None:
    """The rows of a length in blocks of this size."""
    q, k, v = draw(place, num_tokens)
    causal = measure(partial(scaled_dot_product_attention, is_causal=True), q, k, v, place)
    show(num_tokens, block, "full", "causal", causal, None, None)
    for name, one in patterns(num_tokens).items():
        share = tile_share(one, num_tokens, block)
        with blocks_of(block):
            ours = measure(lambda q, k, v, one=one: flex(q, k, v, one), q, k, v, place)  # type: ignore[misc]
        show(num_tokens, block, name, "flex", ours, causal, share)
        if block == 128:
            show(num_tokens, block, name, "masked", masked(one, q, k, v, place), causal, share)


def patterns(num_tokens: int) -> dict[str, HeadPattern]:
    """What sparse heads have, at the scale of a length."""
    return {
        "window n/16, 4 global": HeadPattern((Window(num_tokens // 16 - 1), Global(4))),
        "window 256": HeadPattern((Window(255),)),
        "window 64, stride 32": HeadPattern((Window(63), Stride(32))),
    }


def draw(place: Place, num_tokens: int) -> list[Tensor]:
    """Queries, keys and values; on a GPU they want gradients."""
    generator = torch.Generator().manual_seed(0)
    shape = 1 if place.small else max(1, TOKENS // num_tokens), NUM_HEADS, num_tokens, D_HEAD
    drawn = [torch.randn(shape, generator=generator).to(place.device, torch.bfloat16) for _ in range(3)]
    return [tensor.requires_grad_(place.on_gpu) for tensor in drawn]


def measure(attention: Attention, q: Tensor, k: Tensor, v: Tensor, place: Place) -> tuple[float, int | None] | None:
    """Seconds and peak memory of forward and backward; None if memory runs out."""

    def call() -> None:
        out = attention(q, k, v)
        if out.requires_grad:
            torch.autograd.grad(out, [q, k, v], out)

    return unless_out_of_memory(lambda: (place.seconds(call, repeats=3), place.peak_bytes(call)))


def flex(q: Tensor, k: Tensor, v: Tensor, one: HeadPattern) -> Tensor:
    """All heads alike, each with its own row in the tables, as a layer of a search has it."""
    return backend.flex_backend(q, k, v, (one,) * NUM_HEADS)


def masked(one: HeadPattern, q: Tensor, k: Tensor, v: Tensor, place: Place) -> tuple[float, int | None] | None:
    """Dense attention with one mask for all heads, which is made before."""

    def run() -> tuple[float, int | None] | None:
        places = torch.arange(q.shape[2], device=place.device)
        shown = one.visible(places[:, None], places, q.shape[2])
        assert isinstance(shown, Tensor)
        return measure(partial(scaled_dot_product_attention, attn_mask=shown), q, k, v, place)

    return unless_out_of_memory(run)


@contextmanager
def blocks_of(size: int) -> Iterator[None]:
    """The backend with blocks of another size than its own, which it has no setting for."""
    if size == layout.BLOCK:
        yield
        return
    kernel = partial(compiled_flex_attention(), kernel_options=SMALLER_TILES)
    mask.block_mask.cache_clear()
    with (
        patch.object(layout, "BLOCK", size),
        patch.object(mask, "BLOCK", size),
        patch.object(backend, "compiled_flex_attention", lambda: kernel),
    ):
        yield
    mask.block_mask.cache_clear()


def tile_share(one: HeadPattern, num_tokens: int, block: int) -> float:
    """Blocks with a visible pair, as a share of those of causal attention."""
    tiling = Tiling(num_tokens, block, block)
    ours, all_earlier = (visible_blocks(head, tiling).nonempty.sum() for head in (one, HeadPattern((Full(),))))
    return float(ours / all_earlier)


def show(
    num_tokens: int,
    block: int,
    pattern: str,
    way: str,
    measured: tuple[float, int | None] | None,
    causal: tuple[float, int | None] | None,
    share: float | None,
) -> None:
    """A row; without causal attention to compare with, or memory, dashes."""
    cells = [str(num_tokens), str(block), pattern, way]
    if measured is None:
        row(*cells, "out of memory", *["-"] * 5)
        return
    seconds, peak = measured
    cells += [f"{1000 * seconds:.2f}", mib(peak)]
    if causal is None or share is None:
        row(*cells, *["-"] * 4)
        return
    faster = causal[0] / seconds
    row(*cells, f"{share:.1%}", f"{faster:.2f}", f"{1 / share:.2f}", f"{faster * share:.0%}")


if __name__ == "__main__":
    main()
