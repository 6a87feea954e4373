import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full, LowRank
from nas.proxy.network.layout import Layout, layout_for
from nas.proxy.network.projections import projections
from nas.proxy.settings import ProxySettings
from tests.families import low_rank, two_layers, window
from tests.noise_task import NoiseTask

PROXY = ProxySettings(num_layers=2, num_heads=2, d_model=8, mlp_ratio=4)
TASK = NoiseTask(vocab_size=10, causal=False)
PLAIN = two_layers(window(3), causal=False)


def layout_of(*heads: dict[str, object], **options: object) -> Layout:
    return layout_for(two_layers(*heads, causal=False, **options), PROXY, TASK)  # type: ignore[arg-type]


def rows_of(layout: Layout, seed: int) -> dict[str, torch.Tensor]:
    return {name: weight[0] for name, weight in layout.unpack(layout.initial_row(seed)[None]).items()}


@pytest.mark.parametrize(("sharing", "projections"), [("heads", 4), ("key_value", 2), ("layers", 1)])
def test_ranks_add_projections_by_their_sharing(sharing: str, projections: int) -> None:
    """Rank 5 takes 8 rows of 16 tokens."""
    extra = layout_of(low_rank(5, sharing)).num_parameters - layout_for(PLAIN, PROXY, TASK).num_parameters
    assert extra == projections * 8 * 16


@pytest.mark.parametrize("num_tokens", [5, 16, 37])
def test_ranks_nest(num_tokens: int) -> None:
    """A projection of a few rows starts as the first rows of a larger one, whatever the length does to the drawing."""
    task = replace(TASK, num_tokens=num_tokens)
    ranks = [rows_of(layout_for(two_layers(low_rank(rank), causal=False), PROXY, task), 7) for rank in (1, 2, 3, 11)]
    for name in ("0.key_projection", "0.value_projection", "1.key_projection"):
        for fewer, more in pairwise(ranks):
            assert len(fewer[name]) < len(more[name])
            assert torch.equal(more[name][: len(fewer[name])], fewer[name])


def test_projections_with_other_names_start_with_other_values() -> None:
    weights = rows_of(layout_of(low_rank(8)), 7)
    drawn = [weights[f"{layer}.{side}_projection"] for layer in (0, 1) for side in ("key", "value")]
    for index, one in enumerate(drawn):
        assert not any((one == other).any() for other in drawn[:index])


def test_projections_start_with_the_variance_of_a_mean() -> None:
    task = replace(TASK, num_tokens=256)
    weights = rows_of(layout_for(two_layers(low_rank(64), causal=False), PROXY, task), 7)["0.key_projection"]
    assert float(weights.var()) * 256 == pytest.approx(1, abs=5 * math.sqrt(2 / weights.numel()))


def test_every_low_rank_head_reads_the_projection_of_its_member() -> None:
    heads = (HeadPattern((LowRank(3),)), HeadPattern((Full(),)), HeadPattern((LowRank(4),)), HeadPattern((LowRank(4),)))
    weights = {name: torch.randn(2, 4, 16) for name in ("0.key_projection", "0.value_projection")}
    weights["norm"] = torch.ones(2, 8)
    found = projections(weights, 0, heads, torch.float32)
    assert found is not None
    for side, name in zip(found, ("0.key_projection", "0.value_projection"), strict=True):
        assert side.shape == (4, 4, 16)
        assert torch.equal(side[0], weights[name][0]) and not side[1].any()
        assert torch.equal(side[2], weights[name][1]) and torch.equal(side[3], weights[name][1])
    assert projections(weights, 0, (HeadPattern((Full(),)),) * 4, torch.float32) is None
