"""For every export format, patterns that it can represent."""

from typing import Any

from hypothesis import strategies as st

from nas.export import FORMATS, ExportSettings
from nas.export.contract.export_format import Files
from nas.export.generated.run import run_module
from nas.export.selection.point import ExportPoint
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Columns, Full, Global, Primitive, Random, Window
from nas.results.front import FromScratch, InCheckpoint
from nas.results.phase import PatternPhase
from nas.results.provenance import MadeWith, Provenance
from tests.fronts import make_export_provenance, make_front, make_provenance
from tests.strategies import MASK_KINDS, patterns

BLOCK = 16
"""Side of a block in the patterns of block layouts, in tokens."""
Union = tuple[Primitive, ...]

windows = st.builds(Window, st.integers(0, 40))
sinks = st.builds(lambda window, first: (window, Global(first)), windows, st.integers(1, 9))


def _blocks(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high).map(lambda blocks: blocks * BLOCK)


def _layers(unions: st.SearchStrategy[Union], causal: bool = True) -> st.SearchStrategy[ModelPattern]:
    """One to three layers, in each of which four heads attend alike."""
    layers = st.lists(unions, min_size=1, max_size=3)
    return layers.map(lambda chosen: ModelPattern.of([(HeadGroup(4, union),) for union in chosen], causal=causal))


def _heads(unions: st.SearchStrategy[Union], causal: bool = True) -> st.SearchStrategy[ModelPattern]:
    """Two layers of four heads, two neighbours alike."""
    pair = st.tuples(unions, unions).map(lambda two: tuple(HeadGroup(2, union) for union in two))
    return st.tuples(pair, pair).map(lambda layers: ModelPattern.of(layers, causal=causal))


def _copies(unions: st.SearchStrategy[Union], causal: bool) -> st.SearchStrategy[ModelPattern]:
    """Two layers of four heads, all alike."""
    return unions.map(lambda union: ModelPattern.of([(HeadGroup(4, union),)] * 2, causal=causal))


@st.composite
def _duo(draw: st.DrawFn) -> ModelPattern:
    streaming = draw(plain_windows | sinks)
    return draw(_heads(st.sampled_from([streaming, (Full(),)])))


@st.composite
def _one_size(draw: st.DrawFn, unions: st.SearchStrategy[Union], least_full: int = 0) -> ModelPattern:
    """Layers that are full or have the one window of the model."""
    union = draw(unions)
    layers = [(Full(),)] * least_full + draw(st.lists(st.sampled_from([union, (Full(),)]), min_size=1, max_size=4))
    return ModelPattern.of([(HeadGroup(4, one),) for one in draw(st.permutations(layers))])


@st.composite
def _longformer(draw: st.DrawFn) -> ModelPattern:
    side = draw(st.integers(2, 6))
    tokens = draw(st.sampled_from([(), (Global(3, 2),), (Global(1),)]))
    unions = st.sampled_from([(Window(side, side), *tokens), (Window(2 * side, 2 * side), *tokens)])
    return draw(_layers(unions, causal=False))


@st.composite
def _chunks(draw: st.DrawFn) -> Union:
    tokens = draw(_blocks(1, 4))
    width = draw(st.sampled_from([0, *(w for w in range(1, tokens // BLOCK) if tokens // BLOCK % w == 0)]))
    first = draw(_blocks(1, 3))
    others = [(), (Global(first),), *([(Columns(tokens, width * BLOCK),)] if width else [])]
    return (Block(tokens), *draw(st.sampled_from(others)))


@st.composite
def _around(draw: st.DrawFn) -> Union:
    side = draw(_blocks(2, 3))
    tokens = draw(st.sampled_from([(), (Global(2 * BLOCK),)]))
    return (*(Block(side, shift) for shift in range(0, side, BLOCK)), *tokens)


full: st.SearchStrategy[Union] = st.just((Full(),))
in_blocks = st.one_of(
    full,
    st.builds(lambda tokens, shift: (Block(tokens, shift),), _blocks(1, 4), _blocks(0, 3)),
    st.builds(lambda tokens, first: (Block(tokens), Global(first)), _blocks(1, 4), _blocks(1, 2)),
    st.builds(lambda blocks, seed: (Block(BLOCK), Random(BLOCK, blocks, seed)), st.integers(1, 2), st.integers(0, 9)),
    st.builds(lambda every: (Block(every), Columns(every, BLOCK)), _blocks(2, 4)),
)
plain_windows = windows.map(lambda window: (window,))
one_window = st.one_of(full, plain_windows)
masks = patterns().filter(lambda pattern: kinds(pattern) <= set(MASK_KINDS))

SUPPORTED: dict[str, st.SearchStrategy[ModelPattern]] = {
    "pattern": patterns(computing=True) | patterns(grid=(5, 7)),
    "flex": masks | patterns(grid=(5, 7)),
    "torch": masks | patterns(grid=(5, 7)),
    "transformers": (masks | patterns(grid=(5, 7))).filter(lambda pattern: pattern.causal),
    "transformers-config": st.one_of(
        _layers(one_window | st.builds(lambda tokens: (Block(tokens),), st.integers(2, 30))),
        _longformer(),
        _copies(full, causal=False),
    ),
    "deepspeed": st.booleans().flatmap(lambda causal: _copies(full | _chunks(), causal)) | _copies(_around(), False),
    "flashinfer": st.booleans().flatmap(lambda causal: _heads(in_blocks, causal)),
    "vllm": _one_size(plain_windows),
    "sglang": _one_size(plain_windows),
    "mlx-lm": _one_size(plain_windows, least_full=1),
    "gguf": _one_size(plain_windows),
    "tensorrt-llm": _layers(one_window),
    "megatron-core": _one_size(plain_windows),
    "flash-attention": _layers(one_window),
    "flash-attention-4": masks | patterns(grid=(6, 16)),
    "splash": masks | patterns(grid=(6, 16)),
    "swaa": _one_size(plain_windows | sinks),
    "duo-attention": _duo(),
    "minference": _heads(one_window | sinks),
}

EXAMPLES: dict[str, ModelPattern] = {
    name: ModelPattern.of([(HeadGroup(2, (Full(),)),), (HeadGroup(2, (Window(5),)),)]) for name in SUPPORTED
} | {name: ModelPattern.of([(HeadGroup(2, (Block(2 * BLOCK),)),)] * 2) for name in ("deepspeed", "flashinfer")}
"""One of them for each, of two layers with two heads."""

SETTINGS = {name: ExportSettings() for name in SUPPORTED} | {
    name: ExportSettings(block_tokens=BLOCK) for name in ("deepspeed", "flashinfer", "flash-attention-4")
}
"""What each is exported with."""


def example_point(name: str) -> ExportPoint:
    """The example of a format, from a study of as many tokens as a few blocks have."""
    return ExportPoint(pattern=EXAMPLES[name], trained_pattern=EXAMPLES[name], provenance=provenance_of(EXAMPLES[name]))


def provenance_of(pattern: ModelPattern, phase: PatternPhase = "both") -> Provenance:
    """A pattern of trial 1 of the study demo, in a checkpoint if it is used in one phase alone."""
    inside = InCheckpoint(
        weights="frozen", lora_rank=8, needle_depths=(), needle_sequences=1, cost_tokens=None, phase=phase
    )
    evaluation = FromScratch() if phase == "both" else inside
    front = make_front(provenance=make_provenance(num_tokens=6 * BLOCK, evaluation=evaluation))
    return make_export_provenance(pattern, made_with=MadeWith.of(front))


def files_of(
    name: str, pattern: ModelPattern, settings: ExportSettings | None = None, phase: PatternPhase = "both"
) -> Files:
    """What a format writes of a pattern, with the settings of its examples unless others are given."""
    return FORMATS[name].write(pattern, provenance_of(pattern, phase), settings or SETTINGS[name])


def load_module(name: str, pattern: ModelPattern) -> dict[str, Any]:
    """The names that the generated module of a pattern defines; the first, if there are several."""
    source = next(iter(files_of(name, pattern).values()))
    return run_module(str(source), name)


def kinds(pattern: ModelPattern) -> set[str]:
    """The kinds that a pattern is made of."""
    return {primitive.kind for layer in pattern.layers for group in layer.heads for primitive in group.attend}
