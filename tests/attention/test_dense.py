"""Dense attention: its masks, its unmasked path, and large masks that are not kept."""

from typing import Any, cast

import pytest
import torch
from cachetools import LRUCache, cached
from torch.nn.functional import scaled_dot_product_attention

from nas.attention import bias
from nas.attention.bias import PatternBias
from nas.attention.dense import dense_attention, needs_no_mask
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full, Global, Select, Window
from tests.attention.cases import Inputs


@pytest.mark.parametrize("causal", [True, False])
def test_full_heads_alone_take_the_unmasked_path_and_agree(causal: bool) -> None:
    inputs = Inputs((HeadPattern((Full(),), causal),) * 2, 300)
    plain = scaled_dot_product_attention(inputs.q, inputs.k, inputs.v, is_causal=causal)
    assert torch.equal(inputs.output("dense"), plain)


def test_a_mask_is_needed_unless_every_head_is_full_in_the_same_way() -> None:
    full = HeadPattern((Full(),))
    assert needs_no_mask((full, HeadPattern((Window(3), Full()))))
    for other in (
        HeadPattern((Window(3),)),
        HeadPattern((Full(),), causal=False),
        HeadPattern((Full(),), memory_tokens=2),
    ):
        assert not needs_no_mask((full, other))


def test_hidden_pairs_have_no_influence() -> None:
    head = HeadPattern((Window(3), Global(1)))
    inputs = Inputs((head, HeadPattern((Full(),))), 12)
    values = inputs.v.detach().clone()
    before = dense_attention(inputs.q, inputs.k, values, inputs.heads)
    values[:, :, 5] += 100.0
    moved = (dense_attention(inputs.q, inputs.k, values, inputs.heads) != before).any(-1).any(0)
    seen = torch.stack([torch.from_numpy(one.mask(12))[:, 5] for one in inputs.heads])
    assert torch.equal(moved, seen)


def test_a_mask_is_made_once_unless_it_is_too_large_to_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    class Counting(HeadPattern):
        def visible(self, query, key, num_tokens):
            made.append(num_tokens)
            return super().visible(query, key, num_tokens)

    inputs = Inputs((Counting((Window(3),)),) * 2, 17)
    kept = inputs.output("dense")
    inputs.output("dense")
    assert made == [17]
    own = cast("LRUCache[Any, PatternBias]", bias._make_bias.cache)
    small: LRUCache[Any, PatternBias] = LRUCache(kept.element_size() * 17**2 - 1, getsizeof=own.getsizeof)
    monkeypatch.setattr(bias, "_make_bias", cached(small)(bias._make_bias.__wrapped__))
    assert torch.equal(inputs.output("dense"), kept)
    inputs.output("dense")
    assert made == [17, 17, 17]


def test_queries_of_one_batch_entry_choose_apart_from_those_of_another() -> None:
    inputs = Inputs((HeadPattern((Select(2, 1),)), HeadPattern((Window(1),))), 20)
    together = inputs.output("dense")
    for entry in range(2):
        q, k, v = (x[entry : entry + 1] for x in (inputs.q, inputs.k, inputs.v))
        alone = dense_attention(q, k, v, inputs.heads)
        assert torch.allclose(alone, together[entry : entry + 1], rtol=0, atol=1e-14)
