"""What the transformers module reads from the model's own mask, against masks of known sequences."""

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Window
from tests.strategies import quick
from tests.supported_patterns import load_module

rows = st.lists(st.integers(1, 6), min_size=1, max_size=4)
"""Lengths of the sequences that are packed into a row, one after the other."""


@pytest.fixture(scope="module")
def module() -> dict[str, Any]:
    return load_module("transformers", ModelPattern.of([(HeadGroup(1, (Window(3),)),)]))


def _packed(lengths: list[int], padding: int, queries: int) -> tuple[Tensor, Tensor, Tensor]:
    """The mask of the last queries of a row, (1, 1, queries, keys); for each, its sequence's start and its own place.

    Padding comes first, as a sequence that sees nothing.
    """
    sequence = torch.repeat_interleave(torch.arange(len(lengths) + 1), torch.tensor([padding, *lengths]))
    token = torch.arange(len(sequence))
    mask = (sequence[:, None] == sequence) & (token <= token[:, None]) & (sequence > 0)
    start = (sequence[:, None] > sequence).sum(dim=1)
    return mask[None, None, -queries:], start[-queries:], token[-queries:]


@quick
@given(rows, st.integers(0, 4), st.integers(1, 6))
def test_places_are_those_of_the_sequences(module, lengths, padding, queries):
    mask, start, own = _packed(lengths, padding, min(queries, sum(lengths)))
    found = [place.flatten() for place in module["_places"](mask)]
    assert torch.equal(found[0], start) and torch.equal(found[1], own)


@quick
@given(rows, st.integers(0, 4), st.integers(1, 6))
def test_one_sequence_without_padding_is_causal_and_needs_no_look_at_each_key(module, lengths, padding, queries):
    queries = min(queries, sum(lengths))
    mask, _, _ = _packed(lengths, padding, queries)
    keys = torch.arange(sum(lengths) + padding)
    plain = torch.equal(mask[0, 0], keys <= keys[-queries:, None])
    assert module["_is_causal"](mask) == plain
    assert module["_is_plainly_causal"](mask) == (plain and queries == len(keys))
    if plain:
        assert all(map(torch.equal, module["_causal_places"](mask), module["_places"](mask)))


def test_what_was_made_of_a_mask_is_kept_until_there_is_another(module):
    first, second = (_packed([5], 0, 5)[0] for _ in range(2))
    made = module["_made_of"](first)
    made["of this mask"] = True
    assert "of this mask" in module["_made_of"](first)
    assert "of this mask" not in module["_made_of"](second)
