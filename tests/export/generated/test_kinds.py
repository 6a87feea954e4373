"""Which heads attend alike, and the last query that sees a key, against the masks themselves."""

import numpy as np
import torch
from hypothesis import assume, given

from nas.export.generated.kinds import head_kinds, keeps_all
from nas.patterns.head import HeadPattern
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Random, Stride, Window
from tests.strategies import quick, unions
from tests.supported_patterns import load_module

NEAR, FAR = 40, 280


def test_heads_of_a_kind_have_the_same_mask_in_any_layer():
    streaming, spelt_otherwise = (Window(3), Global(2)), (Global(1), Global(2), Window(3))
    pattern = ModelPattern.of(
        [
            (HeadGroup(1, streaming), HeadGroup(3, (Full(),))),
            (HeadGroup(2, (Full(),)), HeadGroup(2, spelt_otherwise)),
        ]
    )
    kinds = head_kinds(pattern, "transformers")
    assert kinds.layers == ((0, 1, 1, 1), (1, 1, 0, 0)) and len(kinds.unions) == 2
    assert load_module("transformers", pattern)["FULL"] == {1}


def test_all_keys_are_kept_unless_some_head_never_comes_back_to_one():
    def kept(*layers: tuple[HeadGroup, ...]) -> bool:
        return keeps_all(head_kinds(ModelPattern.of(layers), "transformers"))

    strided, windowed = HeadGroup(2, (Window(3), Stride(8))), HeadGroup(2, (Window(3), Global(1)))
    assert kept((HeadGroup(4, (Full(),)),), (HeadGroup(2, (Full(),)), strided))
    assert not kept((HeadGroup(4, (Full(),)),), (strided, windowed))


def test_every_head_draws_blocks_of_its_own():
    pattern = ModelPattern.of([(HeadGroup(2, (Random(4, 1), Window(1))),)] * 2)
    assert head_kinds(pattern, "transformers").layers == ((0, 1), (2, 3))


@quick
@given(unions(causal=True))
def test_the_last_query_is_that_of_the_mask(union):
    """Looking far ahead: a key that is still seen there counts as seen forever."""
    module = load_module("transformers", ModelPattern.of([(HeadGroup(1, union),)]))
    [function] = module["LAST_QUERY"]
    kinds = {primitive.kind for primitive in union}
    if function is None:
        assert kinds & {"full", "stride", "random"}
        return
    assume("random" not in kinds)
    seen = HeadPattern(union).mask(FAR)[:, :NEAR]
    last = FAR - 1 - np.argmax(seen[::-1], axis=0)
    stated = function(torch.arange(NEAR)).clamp(max=FAR - 1).numpy()
    assert np.all(stated >= last)
    forever = stated == FAR - 1
    assert np.array_equal(stated[~forever], last[~forever])
    assert np.all(last[forever] >= FAR - 101), "kept although it is seen no more"
