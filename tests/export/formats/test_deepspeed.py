"""The mode of a DeepSpeed section, and the patterns that have none."""

import json

import pytest

from nas.errors import ExportError
from nas.export import FORMATS
from nas.export.contract.export_format import Files
from nas.export.contract.heads import Refusal
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Columns, Full, Global, Primitive, Window
from tests.supported_patterns import files_of


def _pattern(*layers: tuple[Primitive, ...], causal: bool = True, grid: tuple[int, int] | None = None) -> ModelPattern:
    return ModelPattern.of([(HeadGroup(2, union),) for union in layers], causal=causal, grid=grid)


@pytest.mark.parametrize(
    ("union", "causal", "mode"),
    [
        ((Full(),), True, "dense"),
        ((Block(64), Columns(64, 16)), True, "fixed"),
        ((Block(64), Global(32)), False, "variable"),
        ((Block(32), Block(32, 16)), False, "bslongformer"),
    ],
)
def test_the_mode(union, causal, mode):
    section = json.loads(files_of("deepspeed", _pattern(union, causal=causal))["deepspeed_config.json"])
    assert section["sparse_attention"]["mode"] == mode and section["sparse_attention"]["block"] == 16


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (_pattern((Window(7),)), r"'window' in layer 0, .*: it represents full attention, or chunks of whole blocks"),
        (_pattern((Block(24),)), r"'block' in layer 0, .*; the side of a block is 16 tokens \(--block\)"),
        (_pattern((Block(32, 16),)), r"'block' in layer 0, .*: it represents full attention, or chunks"),
        (_pattern((Block(64), Columns(32, 16))), r"'columns' in layer 0, .*: columns repeat with the chunks"),
        (_pattern((Block(64), Columns(64, 16), Global(16))), r"'columns' in layer 0, .* chunks of whole blocks"),
        (_pattern((Block(64),), (Full(),)), r"'full' in layer 1, .*: all layers and heads share one layout"),
    ],
)
def test_what_it_cannot_represent(pattern, expected):
    with pytest.raises(Refusal, match=f"deepspeed: cannot represent {expected}"):
        files_of("deepspeed", pattern)


@pytest.mark.parametrize(
    ("union", "causal", "grid", "limits"),
    [
        ((Full(),), True, (5, 7), "its 35 tokens must be a multiple of 16, and 16 or more"),
        ((Block(64), Columns(64, 16)), True, (6, 8), "its 48 tokens must be a multiple of 64, and 16 or more"),
        ((Block(32), Block(32, 16)), False, (4, 8), "its 32 tokens must be a multiple of 16, and 48 or more"),
    ],
)
def test_a_grid_is_made_of_whole_blocks(union, causal, grid, limits):
    with pytest.raises(Refusal, match=rf"'grid' in all layers and heads \(grid\): {limits} \(--block\)\."):
        files_of("deepspeed", _pattern(union, causal=causal, grid=grid))
    fitting = _pattern(union, causal=causal, grid=(8, 16))
    assert FORMATS["deepspeed"].check(files_of("deepspeed", fitting), fitting)


CHUNKS, COLUMNS = (Block(64), Global(32)), (Block(64), Columns(64, 16))


@pytest.mark.parametrize(
    ("union", "old", "new"),
    [
        (CHUNKS, '"num_random_blocks": 0', '"num_random_blocks": 2'),
        (CHUNKS, '"attention": "bidirectional"', '"attention": "unidirectional"'),
        (COLUMNS, '"attention": "bidirectional"', '"attention": "unidirectional"'),
        (COLUMNS, '"horizontal_global_attention": false', '"horizontal_global_attention": true'),
        (COLUMNS, '"num_different_global_patterns": 1', '"num_different_global_patterns": 2'),
    ],
)
def test_a_key_that_was_edited_is_found_out(union, old, new):
    """All keys count, even those that are the same in every section that is written."""
    pattern = _pattern(union, causal=False)
    files = files_of("deepspeed", pattern)
    edited: Files = {name: str(text).replace(old, new) for name, text in files.items()}
    assert edited != files
    with pytest.raises((ExportError, ValueError)):
        FORMATS["deepspeed"].check(edited, pattern)
