import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from families import FAMILIES, Family, low_rank, two_layers, window
from noise_task import NoiseTask

from nas.patterns.model import POSITIONS
from nas.proxy.network.layout import Layout, layout_for
from nas.proxy.settings import ProxySettings

PROXY = ProxySettings(num_layers=2, num_heads=2, d_model=8, mlp_ratio=4)
TASK = NoiseTask(vocab_size=10, causal=False)
PLAIN = two_layers(window(3), causal=False)


def layout_of(*heads: dict[str, object], **options: object) -> Layout:
    return layout_for(two_layers(*heads, causal=False, **options), PROXY, TASK)  # type: ignore[arg-type]


def rows_of(layout: Layout, seed: int) -> dict[str, torch.Tensor]:
    return {name: weight[0] for name, weight in layout.unpack(layout.initial_row(seed)[None]).items()}


def test_a_row_holds_every_weight_once() -> None:
    layout = layout_for(PLAIN, PROXY, TASK)
    attention, mlp, norms = 4 * 8 * 8, 2 * 8 * 32, 2 * 8
    assert layout.num_parameters == 2 * 10 * 8 + 2 * (attention + mlp + norms) + 8
    rows = torch.arange(3 * layout.num_parameters).view(3, -1)
    weights = layout.unpack(rows)
    assert torch.equal(torch.cat([weight.flatten(1) for weight in weights.values()], dim=1), rows)
    assert weights["0.query_key_value"].shape == (3, 8, 24)


def test_token_shift_adds_one_share_a_feature() -> None:
    shifting = layout_for(PLAIN, replace(PROXY, token_shift=True), TASK)
    assert shifting.num_parameters == layout_for(PLAIN, PROXY, TASK).num_parameters + 8


@pytest.mark.parametrize(
    ("position", "extra"),
    [("rope", 0), ("none", 0), ("learned", 16 * 8), ("relative", 2 * (8 + 8 + 8 * 8))],
)
def test_a_position_adds_its_weights(position: str, extra: int) -> None:
    layout = layout_of(window(3), position=position)
    assert layout.num_parameters == layout_for(PLAIN, PROXY, TASK).num_parameters + extra


@pytest.mark.parametrize(("sharing", "projections"), [("heads", 4), ("key_value", 2), ("layers", 1)])
def test_ranks_add_projections_by_their_sharing(sharing: str, projections: int) -> None:
    """Rank 5 takes 8 rows of 16 tokens."""
    extra = layout_of(low_rank(5, sharing)).num_parameters - layout_for(PLAIN, PROXY, TASK).num_parameters
    assert extra == projections * 8 * 16


def test_initial_weights_depend_on_the_seed_alone() -> None:
    layout = layout_of(low_rank(3), position="learned")
    first = layout.initial_row(3)
    torch.manual_seed(123)
    assert torch.equal(layout.initial_row(3), first)
    assert not (layout.initial_row(4) == first)[first != 1].any()


def test_common_weights_are_one_stream_whatever_stands_behind_them() -> None:
    layout = layout_of(low_rank(3), position="learned")
    generator, row = torch.Generator().manual_seed(3), layout.initial_row(3)
    stream = [spec.mean + spec.deviation * torch.randn(spec.size, generator=generator) for spec in layout.common]
    num_common = sum(spec.size for spec in layout.common)
    assert torch.equal(torch.cat(stream), row[:num_common])
    assert torch.equal(layout_for(PLAIN, PROXY, TASK).initial_row(3), row[:num_common])


@pytest.mark.parametrize("num_tokens", [5, 16, 37])
def test_ranks_nest(num_tokens: int) -> None:
    """A projection of a few rows starts as the first rows of a larger one, whatever the length does to the drawing."""
    task = replace(TASK, num_tokens=num_tokens)
    ranks = [rows_of(layout_for(two_layers(low_rank(rank), causal=False), PROXY, task), 7) for rank in (1, 2, 3, 11)]
    for name in ("0.key_projection", "0.value_projection", "1.key_projection"):
        for fewer, more in pairwise(ranks):
            assert len(fewer[name]) < len(more[name])
            assert torch.equal(more[name][: len(fewer[name])], fewer[name])


def test_slots_with_other_names_start_with_other_values() -> None:
    weights = rows_of(layout_of(low_rank(8)), 7)
    drawn = [weights[f"{layer}.{side}_projection"] for layer in (0, 1) for side in ("key", "value")]
    for index, one in enumerate(drawn):
        assert not any((one == other).any() for other in drawn[:index])


def test_projections_start_with_the_variance_of_a_mean() -> None:
    task = replace(TASK, num_tokens=256)
    weights = rows_of(layout_for(two_layers(low_rank(64), causal=False), PROXY, task), 7)["0.key_projection"]
    assert float(weights.var()) * 256 == pytest.approx(1, abs=5 * math.sqrt(2 / weights.numel()))


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_patterns_of_one_family_share_a_layout(family: Family) -> None:
    one, other = (layout_for(pattern, PROXY, family.task) for pattern in family.patterns)
    assert one == other and hash(one) == hash(other)


def test_what_needs_other_weights_or_another_position_has_another_layout() -> None:
    needs = [layout_of(low_rank(rank, sharing)) for rank in (4, 5) for sharing in ("heads", "key_value", "layers")]
    positions = [
        layout_for(two_layers(window(3), position=position), PROXY, replace(TASK, causal=True))
        for position in POSITIONS
    ]
    assert len({*needs, *positions}) == len(needs) + len(positions)


def test_a_length_changes_only_layouts_that_have_a_weight_for_each_place() -> None:
    longer = replace(TASK, num_tokens=32)
    for heads, position, changes in [
        (window(3), "rope", False),
        (window(3), "relative", False),
        (window(3), "learned", True),
        (low_rank(3), "rope", True),
    ]:
        pattern = two_layers(heads, causal=False, position=position)
        assert (layout_for(pattern, PROXY, longer) != layout_for(pattern, PROXY, TASK)) == changes


def test_only_matrices_decay() -> None:
    layout = layout_of(window(3), position="relative")
    weights = layout.unpack(layout.is_matrix()[None])
    assert weights["0.mlp_in"].all() and weights["embedding"].all() and weights["0.position_key"].all()
    assert not weights["norm"].any() and not weights["1.attention_norm"].any() and not weights["0.content_bias"].any()
