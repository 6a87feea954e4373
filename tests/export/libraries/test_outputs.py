"""The attention that outputs of libraries are compared with."""

import pytest
import torch

from nas.errors import ExportError
from nas.export.libraries.outputs import LARGEST_DIFFERENCE, plain_attention, random_qkv, require_close
from nas.patterns.primitives import Window
from tests.fronts import make_pattern


def test_plain_attention_is_torchs_own():
    pattern = make_pattern(Window(3), heads=4)
    q, k, v = random_qkv(pattern, 20)
    mask = torch.from_numpy(pattern.mask(0, 20))
    torch.testing.assert_close(
        plain_attention(q, k, v, mask), torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    )
    shared_k, shared_v = (one[:, :2].repeat_interleave(2, dim=1) for one in (k, v))
    grouped = plain_attention(q, k[:, :2], v[:, :2], mask, 0.5)
    torch.testing.assert_close(grouped, plain_attention(q, shared_k, shared_v, mask, 0.5))


def test_a_query_that_sees_nothing_is_zero():
    ones = torch.ones(1, 1, 2, 4)
    out = plain_attention(ones, ones, ones, torch.tensor([[[False, False], [True, True]]]))
    assert torch.equal(out, torch.tensor([[[[0.0] * 4, [1.0] * 4]]]))


@pytest.mark.parametrize("wrong", [2 * LARGEST_DIFFERENCE, torch.nan])
def test_outputs_that_differ_are_named(wrong):
    require_close(torch.ones(3) + LARGEST_DIFFERENCE / 2, torch.ones(3), "own", "outputs of layer 1")
    with pytest.raises(
        ExportError, match=r"^own: outputs of layer 1 differ from attention under the pattern's mask by"
    ):
        require_close(torch.ones(3) + wrong, torch.ones(3), "own", "outputs of layer 1")
