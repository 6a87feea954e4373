"""Patterns with a name, scaled to a study's shape; docs/spaces.md gives the papers' own numbers."""

from collections.abc import Callable

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Columns, Full, Global, Primitive, Random, Stride, Window
from nas.space.scaling import random_block, root_stride, window_of
from nas.space.space import Shape


def full(shape: Shape) -> ModelPattern:
    """Every query sees every key (Vaswani et al. 2017)."""
    return _alike(shape, Full())


def longformer(shape: Shape) -> ModelPattern:
    """An eighth of the sequence as a window, and one global token.

    Source: Beltagy et al. 2020, sections 3.1 and 5: window 512 of 4,096 tokens, and [CLS] global.
    """
    window = window_of(max(2, shape.num_tokens // 8), causal=shape.causal)
    return _alike(shape, window, Global(1))


def sparse_transformer_strided(shape: Shape) -> ModelPattern:
    """The last l keys and every l-th key in one softmax, l near the square root of n.

    Source: Child et al. 2019, section 4.3, strided, with merged heads (section 5.2).
    """
    stride = root_stride(shape.num_tokens)
    return _alike(shape, Window(stride, 0 if shape.causal else stride), Stride(stride))


def sparse_transformer_fixed(shape: Shape) -> ModelPattern:
    """Blocks of l tokens and the last quarter of every block in one softmax, l near the square root of n.

    Source: Child et al. 2019, section 4.3, fixed, with merged heads; section 7.2: l = 128, c = 32 for 12,288 tokens.
    """
    stride = root_stride(shape.num_tokens)
    return _alike(shape, Block(stride), Columns(stride, max(1, stride // 4)))


def bigbird(shape: Shape) -> ModelPattern:
    """A window of three blocks, two blocks of global tokens, three random blocks; n / 64 tokens a block.

    Global tokens stand half at the start and half at the end, in a causal model all at the start.
    Source: Zaheer et al. 2020, section 2 and appendix E (BigBird-ITC: blocks of 64 of 4,096 tokens).
    """
    block = random_block(shape.num_tokens)
    members = Global(2 * block) if shape.causal else Global(block, block)
    return _alike(shape, window_of(3 * block, causal=shape.causal), members, Random(block, 3))


def local_global(shape: Shape) -> ModelPattern:
    """Layers with a window of a 32nd of the sequence in turn with full ones, the first one local.

    Source: gpt-oss (OpenAI 2025): 128 keys, 4,096 tokens before the context was extended.
    """
    local = window_of(max(2, shape.num_tokens // 32), causal=shape.causal)
    unions: tuple[Primitive, ...] = (local, Full())
    layers = [(HeadGroup(shape.num_heads, (unions[index % 2],)),) for index in range(shape.num_layers)]
    return ModelPattern.of(layers, causal=shape.causal)


BASELINES: dict[str, Callable[[Shape], ModelPattern]] = {
    baseline.__name__: baseline
    for baseline in (full, longformer, sparse_transformer_strided, sparse_transformer_fixed, bigbird, local_global)
}
"""Every baseline by name, each a function of the shape; valid from 8 tokens on."""


def _alike(shape: Shape, *attend: Primitive) -> ModelPattern:
    """The same union on every head of every layer."""
    return ModelPattern.of([(HeadGroup(shape.num_heads, attend),)] * shape.num_layers, causal=shape.causal)
