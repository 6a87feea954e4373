"""The blocks that each mode computes, against DeepSpeed's own loops."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.export.formats.deepspeed_section import (
    Attention,
    BSLongformer,
    Dense,
    Fixed,
    Section,
    Variable,
    computed_blocks,
    layout_reading,
    parse_section,
    section_text,
)
from nas.patterns.arrays import Flags
from tests.strategies import quick

ATTENTION: st.SearchStrategy[Attention] = st.sampled_from(["unidirectional", "bidirectional"])
BLOCKS = st.sampled_from([((), ()), ((0,), (2,)), ((0, 4), (1, 5)), ((3,), (4,))])
"""Starts and ends of ranges of global blocks."""


@st.composite
def _fixed(draw: st.DrawFn) -> Fixed:
    width, times = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    return Fixed(
        block=16,
        num_local_blocks=width * times,
        num_global_blocks=width,
        attention=draw(ATTENTION),
        horizontal_global_attention=draw(st.booleans()),
    )


@st.composite
def _variable(draw: st.DrawFn) -> Variable:
    starts, ends = draw(BLOCKS)
    return Variable(
        block=16,
        local_window_blocks=(draw(st.integers(1, 4)),),
        global_block_indices=starts,
        global_block_end_indices=ends,
        attention=draw(ATTENTION),
        horizontal_global_attention=draw(st.booleans()),
    )


@st.composite
def _bslongformer(draw: st.DrawFn) -> BSLongformer:
    starts, ends = draw(BLOCKS)
    return BSLongformer(
        block=16,
        num_sliding_window_blocks=2 * draw(st.integers(0, 3)) + 1,
        global_block_indices=starts,
        global_block_end_indices=ends,
    )


SECTIONS = _fixed() | _variable() | _bslongformer() | st.just(Dense(block=16))


def _loops(section: Section, num_blocks: int) -> Flags:
    """`set_local_layout`, `set_global_layout` and the like of sparsity_config.py, for one head."""
    if isinstance(section, Dense):
        return np.ones((num_blocks, num_blocks), dtype=bool)
    layout = np.zeros((num_blocks, num_blocks), dtype=bool)
    ahead = isinstance(section, BSLongformer) or section.attention == "bidirectional"
    if isinstance(section, BSLongformer):
        w = section.num_sliding_window_blocks // 2
        for row in range(num_blocks):
            layout[row, max(0, row - w) : min(row + w + 1, num_blocks)] = True
    else:
        local = section.num_local_blocks if isinstance(section, Fixed) else section.local_window_blocks[0]
        for start in range(0, num_blocks, local):
            end = min(start + local, num_blocks)
            for row in range(start, end):
                layout[row, start : end if ahead else row + 1] = True
    if isinstance(section, Fixed):
        starts = list(range(section.num_local_blocks - section.num_global_blocks, num_blocks, section.num_local_blocks))
        ranges = [(start, start + section.num_global_blocks) for start in starts]
    else:
        ranges = list(zip(section.global_block_indices, section.global_block_end_indices, strict=True))
    for start, end in ranges:
        layout[0 if ahead else start :, start:end] = True
        if isinstance(section, BSLongformer) or section.horizontal_global_attention:
            layout[start:end, :] = True
    return layout if ahead else np.tril(layout)  # the model hides later keys, so blocks after the diagonal do not count


@quick
@given(SECTIONS, st.integers(1, 3))
def test_the_blocks_are_those_of_deepspeeds_loops(section: Section, times: int) -> None:
    multiple = section.multiple_of // section.block
    num_blocks = times * multiple * -(-7 // multiple)
    (blocks,) = computed_blocks(section, num_blocks * section.block)
    assert np.array_equal(blocks, _loops(section, num_blocks))


@quick
@given(SECTIONS)
def test_a_section_survives_its_text(section: Section) -> None:
    assert parse_section(section_text(section)) == section


def test_other_sections_of_a_config_do_not_matter() -> None:
    text = '{"train_batch_size": 8, "sparse_attention": {"mode": "dense", "block": 32}}'
    assert parse_section(text) == Dense(block=32)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"mode": "dense", "block": 16, "surprise": 1}', "unknown field `surprise`"),
        ('{"mode": "bigbird", "block": 16}', "Invalid value 'bigbird'"),
        ('{"block": 16}', "missing required field `mode`"),
        ('{"mode": "dense", "block": "16"}', "Expected `int`, got `str`"),
    ],
)
def test_a_section_that_nas_does_not_write_is_refused(text: str, said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        parse_section(f'{{"sparse_attention": {text}}}')


@pytest.mark.parametrize("causal", [False, True])
def test_a_block_is_a_square_of_tokens_cut_causally(causal: bool) -> None:
    section = Variable(
        block=4,
        local_window_blocks=(1,),
        global_block_indices=(),
        global_block_end_indices=(),
        attention="bidirectional",
        horizontal_global_attention=False,
    )
    reading = layout_reading(section, lambda num_tokens: computed_blocks(section, num_tokens), 3, causal)
    rows = reading.rows(0, np.array([1, 6]), 12)
    assert rows.shape == (3, 2, 12) and (rows[0] == rows[2]).all()
    assert np.flatnonzero(rows[0, 0]).tolist() == ([0, 1] if causal else [0, 1, 2, 3])
    assert np.flatnonzero(rows[0, 1]).tolist() == ([4, 5, 6] if causal else [4, 5, 6, 7])


def test_lengths_are_multiples_of_chunks_and_hold_the_window() -> None:
    fixed = Fixed(block=16, num_local_blocks=4, num_global_blocks=1, attention="unidirectional")
    assert (fixed.multiple_of, fixed.at_least) == (64, 16)
    near = BSLongformer(block=16, num_sliding_window_blocks=5, global_block_indices=(), global_block_end_indices=())
    assert (near.multiple_of, near.at_least) == (16, 80)
