"""Block masks for FlashInfer, by its own way from maps to indices of keys."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.errors import ExportError, InputError
from nas.export import FORMATS, ExportSettings
from nas.export.contract import arrays_file
from nas.export.contract.heads import Refusal
from nas.export.formats import flashinfer
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Full, Global, Random, Window
from tests.strategies import quick
from tests.supported_patterns import BLOCK, SUPPORTED, provenance_of


def _files(pattern: ModelPattern, num_tokens: int = 90, **chosen: int):
    settings = ExportSettings(num_tokens=num_tokens, **{"block_tokens": BLOCK, **chosen})
    return FORMATS["flashinfer"].write(pattern, provenance_of(pattern), settings)


def _arrays(tmp_path, files) -> dict:
    (tmp_path / "flashinfer.npz").write_bytes(files["flashinfer.npz"])
    with np.load(tmp_path / "flashinfer.npz", allow_pickle=False) as archive:
        return {name: torch.from_numpy(archive[name]) for name in archive.files}


def _attended(block_mask_map, block_row_sz, block_col_sz, causal) -> torch.Tensor:
    """As flashinfer/sparse.py plans it (revision fb28d72): for each row of blocks the chosen keys one after the other,

    one page a key; a causal query of a row of m queries with l keys sees the keys up to number l - m + its own place.
    """
    columns = torch.cumsum(block_col_sz, 0)
    mask = torch.zeros(int(block_row_sz.sum()), int(columns[-1]), dtype=torch.bool)
    first = 0
    for row, queries in enumerate(block_row_sz.tolist()):
        indices = [
            key
            for column in range(len(columns))
            if block_mask_map[row, column]
            for key in range(int(columns[column] - block_col_sz[column]), int(columns[column]))
        ]
        for query in range(queries):
            stop = len(indices) - queries + query + 1 if causal else len(indices)
            mask[first + query, indices[:stop]] = True
        first += queries
    return mask


@settings(quick, max_examples=15)
@given(pattern=SUPPORTED["flashinfer"])
def test_the_wrapper_attends_to_our_pairs(tmp_path_factory, pattern):
    """At 90 tokens the last block is a part of one."""
    arrays = _arrays(tmp_path_factory.mktemp("npz"), _files(pattern))
    assert arrays["block_mask_map"].dtype == torch.bool and arrays["block_row_sz"].dtype == torch.int32
    for layer in range(pattern.num_layers):
        names = ("block_mask_map", "block_row_sz", "block_col_sz")
        for head, ours in enumerate(torch.from_numpy(pattern.mask(layer, 90))):
            theirs = _attended(*(arrays[name][layer, head] for name in names), bool(arrays["causal"]))  # type: ignore[call-arg]
            assert torch.equal(theirs, ours)


def test_query_heads_of_one_kv_head_share_a_map(tmp_path):
    pattern = ModelPattern.of([(HeadGroup(2, (Full(),)), HeadGroup(4, (Block(BLOCK),)))])
    arrays = _arrays(tmp_path, _files(pattern, num_kv_heads=3))
    assert arrays["block_mask_map"].shape == (1, 3, 6, 6)
    assert arrays["block_mask_map"][0, 0].all(dim=1).tolist() == [False] * 5 + [True]
    assert torch.equal(arrays["block_mask_map"][0, 2], torch.eye(6, dtype=torch.bool))
    FORMATS["flashinfer"].check(_files(pattern, num_kv_heads=3), pattern)
    with pytest.raises(Refusal, match=r"'block' in layer 0, heads 2 to 5 .*query heads of KV head 0 must attend alike"):
        _files(pattern, num_kv_heads=2)


def test_drawn_blocks_differ_between_query_heads_and_cannot_be_shared():
    pattern = ModelPattern.of([(HeadGroup(4, (Block(BLOCK), Random(BLOCK, 1))),)])
    assert _files(pattern)
    with pytest.raises(Refusal, match=r"'(block|random)' in layer 0, heads 0 to 3 .*must attend alike"):
        _files(pattern, num_kv_heads=2)


@pytest.mark.parametrize("odd", [Window(20), Global(5), Block(24), Block(32, 8)])
def test_an_edge_inside_a_block_is_refused(odd):
    pattern = ModelPattern.of([(HeadGroup(1, (Full(),)), HeadGroup(1, (Block(BLOCK), odd)))])
    why = r"not a layout of blocks of 16 tokens \(--block\) at 90 tokens \(--tokens\)"
    with pytest.raises(Refusal, match=rf"'{odd.kind}' in layer 0, head 1 .* {why}"):
        _files(pattern)


def test_smaller_blocks_represent_more():
    pattern = ModelPattern.of([(HeadGroup(1, (Block(24), Global(8))),)])
    FORMATS["flashinfer"].check(_files(pattern, block_tokens=8), pattern)


def test_maps_have_a_limit_and_the_length_of_a_grid():
    pattern = ModelPattern.of([(HeadGroup(1, (Full(),)),)])
    with pytest.raises(InputError, match="--block: must be larger for 1000000 tokens"):
        _files(pattern, num_tokens=1_000_000)
    on_a_grid = ModelPattern.of([(HeadGroup(1, (Full(),)),)], grid=(5, 7))
    with pytest.raises(InputError, match="--tokens: must be 35, the tokens of the grid, got 90"):
        _files(on_a_grid)
    assert FORMATS["flashinfer"].check(_files(on_a_grid, num_tokens=35), on_a_grid)


def test_an_archive_that_grows_when_it_is_unpacked_is_refused_before(monkeypatch):
    pattern = ModelPattern.of([(HeadGroup(1, (Full(),)),)])
    files = _files(pattern)
    monkeypatch.setattr(arrays_file, "_MOST_BYTES", 100)
    with pytest.raises(ExportError, match=r"must hold the arrays that nas writes, got .* bytes once unpacked, of 100"):
        FORMATS["flashinfer"].check(files, pattern)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04"])
def test_a_file_that_is_not_an_archive_is_refused(content):
    pattern = ModelPattern.of([(HeadGroup(1, (Full(),)),)])
    with pytest.raises(ExportError, match=r"flashinfer\.npz must hold the arrays that nas writes"):
        FORMATS["flashinfer"].check({"flashinfer.npz": content}, pattern)


@quick
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_the_rows_of_some_queries_are_those_of_the_whole_mask(seed, causal):
    chance = np.random.default_rng(seed)
    num_blocks = int(chance.integers(1, 6))
    sizes = chance.integers(1, 9, num_blocks).astype(np.int32)
    blocks = chance.random((num_blocks, num_blocks)) < 0.5
    whole = whole_mask(blocks, sizes, sizes, causal)
    query = chance.integers(0, len(whole), 4)
    assert (flashinfer._seen_by(query, blocks, sizes, sizes, causal) == whole[query]).all()


def whole_mask(blocks, row_sizes, column_sizes, causal):
    """Every query and key at once, block by block."""
    row_ends, keys = np.cumsum(row_sizes), np.arange(column_sizes.sum())
    mask = np.zeros((row_ends[-1], len(keys)), dtype=np.bool_)
    for block, stop in enumerate(row_ends):
        chosen = keys[np.repeat(blocks[block], column_sizes)]
        seen = np.ones((row_sizes[block], len(chosen)), dtype=np.bool_)
        mask[stop - len(seen) : stop, chosen] = np.tril(seen, len(chosen) - len(seen)) if causal else seen
    return mask
