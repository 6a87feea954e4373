"""The patterns of published systems, scaled to a shape of 8 tokens or more: one function per system.

docs/spaces.md has the papers' own numbers in a table; `nas.space.baselines` has the shapes that each fits.
"""

from collections.abc import Callable

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import (
    Block,
    Columns,
    Full,
    Global,
    LowRank,
    Neighborhood,
    Primitive,
    Random,
    Select,
    Stride,
    Stripe,
    Tile,
    Window,
)
from nas.space.choices import heads_by_place, split_heads
from nas.space.scaling import odd_at_most, random_block, root_stride, window_of
from nas.space.serving import serving_rules
from nas.space.space import Shape

SINKS = 4
"""First tokens that a pretrained model spends attention on, whatever they are (Xiao et al. 2024a, section 3.1)."""


def full(shape: Shape) -> ModelPattern:
    """Every query sees every key (Vaswani et al. 2017)."""
    return _alike(shape, Full())


def longformer(shape: Shape) -> ModelPattern:
    """An eighth of the sequence as a window, and one global token.

    Source: Beltagy et al. 2020, sections 3.1 and 5: window 512 of 4,096 tokens, and [CLS] global.
    """
    return _alike(shape, _eighth(shape), Global(1))


def sparse_transformer_strided(shape: Shape) -> ModelPattern:
    """The last l keys and every l-th key in one softmax, l near the square root of n.

    Source: Child et al. 2019, section 4.3, strided, with merged heads (section 5.1).
    """
    stride = root_stride(shape.num_tokens)
    return _alike(shape, Window(stride, 0 if shape.causal else stride), Stride(stride))


def sparse_transformer_fixed(shape: Shape) -> ModelPattern:
    """Blocks of l tokens and the last quarter of every block in one softmax, l near the square root of n.

    Source: Child et al. 2019, section 4.3, fixed; section 7.2: merged heads, l = 128, c = 32 for 12,288 tokens.
    """
    stride = root_stride(shape.num_tokens)
    return _alike(shape, Block(stride), Columns(stride, max(1, stride // 4)))


def bigbird(shape: Shape) -> ModelPattern:
    """A window of three blocks, two blocks of global tokens, three random blocks; a block has n / 64 tokens.

    Half of the global tokens are at the start and half at the end; in a causal model all are at the start.
    Source: Zaheer et al. 2020, section 2 and table 8 (appendix E.1; BigBird-ITC: blocks of 64 of 4,096 tokens).
    """
    block = random_block(shape)
    members = Global(2 * block) if shape.causal else Global(block, block)
    return _alike(shape, window_of(3 * block, causal=shape.causal), members, Random(block, 3))


def local_global(shape: Shape) -> ModelPattern:
    """Layers alternate between a window of a 32nd of the sequence and full attention; the first one is local.

    In a pretrained model local layers see four sinks too, unless a target of deployable_by has none: it was trained to
    spend what it has no use for on its first tokens, where gpt-oss has learnt a number for each head instead.
    Source: gpt-oss (OpenAI 2025), model card, section 2.2: 128 keys; the authors' gpt_oss/torch/model.py: 4,096 tokens
    before the context was extended, the first layer local.
    """
    local = (*_thirty_second(shape), *(_sinks(shape) if shape.weighted else ()))
    return _by_layer(shape, lambda index: local if index % 2 == 0 else (Full(),))


def parallel(shape: Shape) -> ModelPattern:
    """Half of the heads full, half with a window of an eighth of the sequence, side by side.

    Source: the split is that of Wu et al. 2020 (Lite Transformer), section 4, whose local half is a convolution;
    the window is Longformer's.
    """
    layer = split_heads(shape.num_heads, shape.num_heads // 2, (Full(),), (_eighth(shape),))
    return shape.pattern([layer] * shape.num_layers)


def serial(shape: Shape) -> ModelPattern:
    """Sampled columns, one global token and a window of l keys in one softmax, l near the square root of n.

    Source: no paper uses this union; the columns are those of `sparse_transformer_fixed`, the token is Longformer's.
    """
    stride = root_stride(shape.num_tokens)
    columns = Columns(stride, max(1, stride // 4))
    return _alike(shape, window_of(stride, causal=shape.causal), Global(1), columns)


def learned_importance(shape: Shape) -> ModelPattern:
    """The query's own block and the two earlier ones that score highest; a block is a 16th of the sequence.

    Source: Lu et al. 2025 (MoBA), section 3.1: blocks of 512 of 8,192 tokens, top-3 with the own block.
    """
    return _alike(shape, Select(max(1, shape.num_tokens // 16), 2))


def transformer_xl(shape: Shape) -> ModelPattern:
    """Full attention with relative positions to this segment and the whole one before.

    Source: Dai et al. 2019, section 3.2: in training a memory as long as the segment; 512 and 512 for enwik8 in the
    authors' pytorch/run_enwik8_base.sh.
    """
    layers = [(HeadGroup(shape.num_heads, (Full(),)),)] * shape.num_layers
    return shape.pattern(layers, position="relative", memory_tokens=[shape.num_tokens] * shape.num_layers)


def linformer(shape: Shape) -> ModelPattern:
    """A quarter of the sequence as projected rows, one projection for everything, learned positions.

    Source: Wang et al. 2020, section 5.1: rank 128 for 512 tokens, 256 for 1,024; layerwise sharing (section 4).
    """
    group = HeadGroup(shape.num_heads, (LowRank(max(1, shape.num_tokens // 4), "layers"),))
    return shape.pattern([(group,)] * shape.num_layers, position="learned")


def sst(shape: Shape) -> ModelPattern:
    """Regions of a 39th of each side, 2 at least, shifted by half in every other layer, the first one unshifted.

    Source: Fan et al. 2022, section 4, and the authors' configs/sst for Waymo: 12 x 12 of 468 x 468 places.
    """
    return _shifted_tiles(shape, divide_by=39)


def swin(shape: Shape) -> ModelPattern:
    """Windows of half of each side, 2 at least, shifted by half in every other layer, the first one unshifted.

    Source: Liu et al. 2021, section 3.3 and table 7: 7 x 7, of 14 x 14 places in the stage with most layers.
    """
    return _shifted_tiles(shape, divide_by=2)


def cswin(shape: Shape) -> ModelPattern:
    """Row stripes for half of the heads, column stripes for the others; they widen with depth, the last layer is full.

    Layers before the last are shared out evenly among three stages: stripes of a 56th, a 14th and half of a side.
    Source: Dong et al. 2022, section 3.2 and table 1: 1 of 56, 2 of 28, 7 of 14 and 7 of 7 rows.
    """
    layers = [_cross(shape, stage=3 * index // (shape.num_layers - 1)) for index in range(shape.num_layers - 1)]
    return shape.pattern([*layers, (HeadGroup(shape.num_heads, (Full(),)),)])


def streaming(shape: Shape) -> ModelPattern:
    """Four sinks and the recent keys, a quarter of the sequence together.

    Source: Xiao et al. 2024a (StreamingLLM), table 1: 4 + 1,020 keys, Llama-2-13B with a context of 4,096 tokens.
    """
    return _alike(shape, Window(max(2, shape.num_tokens // 4 - SINKS) - 1), Global(SINKS))


def retrieval_streaming(shape: Shape) -> ModelPattern:
    """A quarter of the heads full, the others with sinks (n / 512, 1 at least) and recent keys (n / 128, 2 at least).

    In a pretrained model these are the quarter with the highest retrieval scores, in any layer; else a quarter of
    every layer.
    Source: Xiao et al. 2024b (DuoAttention), section 3.2: a quarter of the heads of Llama-2-7B-32K, 64 sinks and 256
    recent keys. The paper finds its heads by training gates.
    """
    sinks, recent = max(1, shape.num_tokens // 512), max(2, shape.num_tokens // 128)
    streaming = (Window(recent - 1), Global(sinks))
    if shape.retrieval_heads:
        places = shape.retrieval_heads[: max(1, len(shape.retrieval_heads) // 4)]
        return shape.pattern(heads_by_place(shape, places, (Full(),), streaming))
    num_streaming = shape.num_heads - max(1, shape.num_heads // 4)
    layer = split_heads(shape.num_heads, num_streaming, (Full(),), streaming)
    return shape.pattern([layer] * shape.num_layers)


def nll_layers_25(shape: Shape) -> ModelPattern:
    """A quarter of the layers full, chosen by the likelihood of needles' values; see `_nll_layers`."""
    return _nll_layers(shape, max(1, shape.num_layers // 4))


def nll_layers_50(shape: Shape) -> ModelPattern:
    """Half of the layers full, chosen by the likelihood of needles' values; see `_nll_layers`."""
    return _nll_layers(shape, max(1, shape.num_layers // 2))


def neighborhood(shape: Shape) -> ModelPattern:
    """The largest odd box of half of each side, 3 at least.

    Source: Hassani et al. 2023 (NATTEN) and the authors' classification/nat.py: 7 x 7, of 14 x 14 places in the stage
    with most layers.
    """
    rows, columns = _grid(shape)
    return _alike(shape, Neighborhood(odd_at_most(rows // 2), odd_at_most(columns // 2)))


def sliding_window(shape: Shape) -> ModelPattern:
    """A window of half of the sequence in every layer.

    Source: Jiang et al. 2023 (Mistral 7B), table 1: a window of 4,096 in a context of 8,192 tokens.
    """
    return _alike(shape, window_of(max(2, shape.num_tokens // 2), causal=True))


def _alike(shape: Shape, *attend: Primitive) -> ModelPattern:
    """The same union on every head of every layer."""
    return shape.pattern([(HeadGroup(shape.num_heads, attend),)] * shape.num_layers)


def _by_layer(shape: Shape, union: Callable[[int], tuple[Primitive, ...]]) -> ModelPattern:
    """The same union on every head of a layer, by the layer's index."""
    return shape.pattern([(HeadGroup(shape.num_heads, union(index)),) for index in range(shape.num_layers)])


def _nll_layers(shape: Shape, num_full: int) -> ModelPattern:
    """The layers whose window alone costs most likelihood stay full; the others see a 32nd of the sequence and sinks.

    Without probes it is the likelihood of the text.
    Source: NLL-guided layer selection (arXiv 2606.27791): layers are windowed in turn, and chosen by the likelihood of
    the answers. The window and the sinks are those of the survey, but for a target of deployable_by without sinks.
    """
    assert shape.sensitivity is not None, "Baseline checks this"
    order = shape.sensitivity.layers("needle" if shape.sensitivity.knows_needles else "text")
    full = set(order[shape.num_layers - num_full :])
    local = (*_thirty_second(shape), *_sinks(shape))
    return _by_layer(shape, lambda index: (Full(),) if index in full else local)


def _sinks(shape: Shape) -> tuple[Global, ...]:
    """Sinks beside a window, where every target of deployable_by has them."""
    return (Global(SINKS),) if serving_rules(shape).first_tokens else ()


def _thirty_second(shape: Shape) -> tuple[Window]:
    return (window_of(max(2, shape.num_tokens // 32), causal=shape.causal),)


def _eighth(shape: Shape) -> Window:
    return window_of(max(2, shape.num_tokens // 8), causal=shape.causal)


def _grid(shape: Shape) -> tuple[int, int]:
    assert shape.grid is not None, "Baseline checks this"
    return shape.grid


def _shifted_tiles(shape: Shape, divide_by: int) -> ModelPattern:
    height, width = (max(2, side // divide_by) for side in _grid(shape))
    tiles = (Tile(height, width), Tile(height, width, height // 2, width // 2))
    return _by_layer(shape, lambda index: (tiles[index % 2],))


def _cross(shape: Shape, stage: int) -> tuple[HeadGroup, ...]:
    rows, columns = (max(1, side // (56, 14, 2)[stage]) for side in _grid(shape))
    return split_heads(shape.num_heads, shape.num_heads // 2, (Stripe("row", rows),), (Stripe("column", columns),))
