import torch

from nas.proxy.layout import Layout
from nas.proxy.settings import ProxySettings

PROXY = ProxySettings(num_layers=2, num_heads=2, d_model=8, mlp_ratio=4)


def test_a_row_holds_every_weight_once() -> None:
    layout = Layout(PROXY, vocab_size=10)
    attention, mlp, norms = 4 * 8 * 8, 2 * 8 * 32, 2 * 8
    assert layout.num_parameters == 2 * 10 * 8 + 2 * (attention + mlp + norms) + 8
    rows = torch.arange(3 * layout.num_parameters).view(3, -1)
    weights = layout.unpack(rows)
    assert torch.equal(torch.cat([weight.flatten(1) for weight in weights.values()], dim=1), rows)
    assert weights["0.query_key_value"].shape == (3, 8, 24)


def test_token_shift_adds_one_share_a_feature() -> None:
    shifting = ProxySettings(num_layers=2, num_heads=2, d_model=8, mlp_ratio=4, token_shift=True)
    assert Layout(shifting, 10).num_parameters == Layout(PROXY, 10).num_parameters + 8


def test_initial_weights_depend_on_the_seed_alone() -> None:
    layout = Layout(PROXY, vocab_size=10)
    first = layout.initial_row(3)
    torch.manual_seed(123)
    assert torch.equal(layout.initial_row(3), first)
    assert not torch.equal(layout.initial_row(4), first)


def test_only_matrices_decay() -> None:
    layout = Layout(PROXY, vocab_size=10)
    weights = layout.unpack(layout.is_matrix()[None])
    assert weights["0.mlp_in"].all() and weights["embedding"].all()
    assert not weights["norm"].any() and not weights["1.attention_norm"].any()
