import pytest
import torch

from nas.attention.positions import rotary_table, rotate
from nas.proxy.network.layout import layout_for
from nas.proxy.network.positions import Positions
from nas.proxy.settings import ProxySettings
from tests.families import two_layers, window
from tests.noise_task import NoiseTask

PROXY = ProxySettings(num_layers=2, num_heads=2, d_model=8, mlp_ratio=4)
TASK = NoiseTask(vocab_size=10, causal=False)


@pytest.mark.parametrize(
    ("position", "extra"),
    [("rope", 0), ("none", 0), ("learned", 16 * 8), ("relative", 2 * (8 + 8 + 8 * 8))],
)
def test_a_position_adds_its_weights(position: str, extra: int) -> None:
    layout, plain = (
        layout_for(two_layers(window(3), causal=False, position=one), PROXY, TASK) for one in (position, "rope")
    )
    assert layout.num_parameters == plain.num_parameters + extra


@pytest.mark.parametrize("position", ["none", "learned"])
def test_positions_that_enter_elsewhere_leave_queries_and_keys_alone(position: str) -> None:
    query, key = torch.randn(2, 3, 4, 16, 4)
    placed = Positions(position, PROXY, num_tokens=16, most_remembered=0)(query, key, {}, 0)
    assert torch.equal(placed[0], query) and torch.equal(placed[1], key)


def test_remembered_keys_are_rotated_to_places_before_the_sequence() -> None:
    query, key = torch.randn(3, 4, 16, 4), torch.randn(3, 4, 16 + 5, 4)
    placed = Positions("rope", PROXY, num_tokens=16, most_remembered=8)(query, key, {}, 0)
    torch.testing.assert_close(placed[0], rotate(query, rotary_table(16, 4)))
    torch.testing.assert_close(placed[1], rotate(key, rotary_table(21, 4, first=-5)))
