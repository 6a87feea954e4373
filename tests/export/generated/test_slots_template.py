"""The slots of the generated cache against the dense mask: which keys they hold, and which of them a query sees."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from nas.export.generated.run import run_modules
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Columns, Full, Global, Primitive, Window
from tests.strategies import quick
from tests.supported_patterns import files_of

FAR = 80
"""Tokens after the last one within which a key of these patterns is seen again, if it ever is."""
pytest.importorskip("transformers", reason="transformers is not installed; pip install '.[dev]'")

unions = st.lists(
    st.one_of(
        st.builds(Global, st.integers(1, 4)),
        st.builds(lambda every, share: Columns(every, max(1, every // share)), st.integers(2, 9), st.integers(2, 9)),
        st.builds(Block, st.integers(1, 12), st.integers(0, 12)),
    ),
    max_size=2,
).flatmap(lambda others: st.integers(0, 9).map(lambda before: (Window(before), *others)))
steps = st.tuples(st.integers(2, 12), st.lists(st.sampled_from([1, 1, 1, 2, 5]), max_size=12)).map(
    lambda drawn: [drawn[0], *drawn[1]]
)
"""How many tokens are given at once: a prompt, then single ones and further chunks."""


def _slots(*attend: Primitive) -> tuple[Any, Any]:
    """The slots of one head, and the group of that head."""
    files = files_of("transformers", ModelPattern.of([(HeadGroup(1, attend),)]))
    modules = run_modules({name.removesuffix(".py"): str(source) for name, source in files.items()})
    attention, cache = modules["transformers_attention"], modules["transformers_cache"]
    (group,) = attention["head_groups"](0, 1)
    return cache["Slots"](cache["_needed"](group.kinds)), group


def _given(steps: list[int], padding: int) -> Iterator[tuple[int, Tensor]]:
    """Of each step, all tokens and the model's mask for the new ones: (2, 1, queries, keys); padding is in row 0."""
    num_tokens = 0
    for new in steps:
        num_tokens += new
        key = torch.arange(num_tokens)
        query, start = key[-new:, None], torch.tensor([padding, 0])[:, None, None]
        yield num_tokens, ((key <= query) & (key >= start) & (query >= start))[:, None]


@quick
@given(unions, steps, st.integers(0, 1))
def test_every_key_that_a_later_query_sees_has_a_slot_and_no_slot_is_idle_for_long(attend, steps, padding):
    slots, _ = _slots(*attend)
    mask = ModelPattern.of([(HeadGroup(1, attend),)]).mask(0, sum(steps) + FAR)[0]
    most = 0
    for num_tokens, model_mask in _given(steps, padding):
        several = model_mask.shape[2] > 1
        (slots.extend if several else slots.add)(num_tokens, model_mask)
        for row, first in enumerate((padding, 0)):
            length = num_tokens - first
            needed = set(np.flatnonzero(mask[length:, :length].any(axis=0)).tolist())
            held = [place for place in slots.place[row].tolist() if place >= 0]
            assert len(set(held)) == len(held)
            assert set(held) == needed if several else set(held) >= needed | {length - 1}
            most = max(most, len(needed | {length - 1}))
    assert slots.place.shape[1] <= most + 1


@quick
@given(unions, steps, st.integers(0, 1))
def test_a_query_sees_in_the_slots_what_the_mask_shows(attend, steps, padding):
    slots, group = _slots(*attend)
    mask = ModelPattern.of([(HeadGroup(1, attend),)]).mask(0, sum(steps))[0]
    for num_tokens, model_mask in _given(steps, padding):
        new = model_mask.shape[2]
        if new > 1:
            slots.extend(num_tokens, model_mask)
            seen, keys = slots.seen_by_new(0, group, slice(0, new)), slots.joined
        else:
            slots.add(num_tokens, model_mask)
            seen, keys = slots.seen(0, group), slots.place
        for row, first in enumerate((padding, 0)):
            for place, shown in enumerate(seen.expand(2, 1, new, -1)[row, 0], num_tokens - new - first):
                places = sorted(keys[row][shown].tolist())
                assert place < 0 or places == np.flatnonzero(mask[place]).tolist()


def test_full_attention_grows_by_one_slot_in_128():
    slots, _ = _slots(Full())
    for num_tokens, model_mask in _given([256] + [1] * 10, 0):
        (slots.extend if num_tokens == 256 else slots.add)(num_tokens, model_mask)
        assert num_tokens <= slots.place.shape[1] <= num_tokens + 256 // 128


def test_what_is_known_already_changes_nothing():
    """Layers share slots, and each of them says the same tokens."""
    slots, _ = _slots(Window(3), Global(1))
    for num_tokens, model_mask in _given([6, 1, 4], 0):
        run = slots.extend if model_mask.shape[2] > 1 else slots.add
        run(num_tokens, model_mask)
        place = slots.place.clone()
        run(num_tokens, model_mask)
        assert torch.equal(slots.place, place)


def test_padding_on_the_right_is_refused():
    slots, _ = _slots(Window(3))
    hidden = torch.ones(1, 1, 4, 4, dtype=torch.bool).tril()
    hidden[..., 3] = False
    with pytest.raises(ValueError, match="needs padding on the left alone"):
        slots.extend(4, hidden)
