from typing import Any

import pytest
import torch
from hypothesis import given
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from nas.costs import counting
from nas.costs.counting import cost_for, cost_with_ratio, count_cost, estimate_cost, full_pattern
from nas.costs.target import Target
from nas.errors import InputError
from nas.patterns.counting import tiles
from nas.patterns.counting.pairs import count_row_pairs
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Neighborhood, Primitive, Random, Window
from nas.space.baselines import BASELINES
from nas.space.space import Shape
from tests.strategies import pattern_cases, quick

SMALL = {"name": "small", "num_tokens": 24, "num_layers": 3, "num_heads": 4, "d_model": 32, "d_head": 8, "d_mlp": 48}


def target(num_kv_heads: int = 4, **changes: object) -> Target:
    return Target(**{**SMALL, "num_kv_heads": num_kv_heads, **changes})  # type: ignore[arg-type]


def uniform(*attend: Primitive, num_layers: int = 3, num_heads: int = 4, causal: bool = True) -> ModelPattern:
    return ModelPattern.of([(HeadGroup(num_heads, attend),)] * num_layers, causal=causal)


class PlainModel(nn.Module):
    """A Transformer of explicit matrix products: full attention as two batched products over all pairs."""

    def __init__(self, target: Target) -> None:
        super().__init__()
        self.target = target
        query, kv = target.num_heads * target.d_head, target.num_kv_heads * target.d_head
        self.embedding = nn.Embedding(target.vocab_size, target.d_model)
        layer_matrices = [(target.d_model, query), (target.d_model, kv), (target.d_model, kv), (query, target.d_model)]
        layer_matrices += [(target.d_model, target.d_mlp)] * (2 if target.gated_mlp else 1)
        layer_matrices += [(target.d_mlp, target.d_model)]
        self.layers = nn.ModuleList(
            nn.ModuleList(
                [nn.Linear(rows, columns, bias=False) for rows, columns in layer_matrices]
                + [nn.RMSNorm(target.d_model), nn.RMSNorm(target.d_model)]
            )
            for _ in range(target.num_layers)
        )
        self.norm = nn.RMSNorm(target.d_model)
        self.output = nn.Linear(target.d_model, target.vocab_size, bias=False)
        if target.tied_embeddings:
            self.output.weight = self.embedding.weight

    def forward(self, tokens: Tensor) -> Tensor:
        stream = self.embedding(tokens)
        layers: Any = self.layers  # nn.ModuleList has no type for what is in it
        for query, key, value, out, *mlp, before_attention, before_mlp in layers:
            normed = before_attention(stream)
            q, k, v = (self._heads(matrix(normed)) for matrix in (query, key, value))
            attended = torch.bmm(torch.bmm(q, k.transpose(1, 2)).softmax(-1), v)
            stream = stream + out(attended.transpose(0, 1).reshape(len(tokens), -1))
            *into, back = mlp
            hidden = torch.stack([matrix(before_mlp(stream)) for matrix in into]).prod(0)
            stream = stream + back(hidden)
        return self.output(self.norm(stream))

    def _heads(self, projected: Tensor) -> Tensor:
        heads = projected.view(len(projected), -1, self.target.d_head).transpose(0, 1)
        return heads.repeat_interleave(self.target.num_heads // len(heads), dim=0)


@pytest.mark.parametrize("changes", [{}, {"gated_mlp": True}, {"tied_embeddings": True, "num_kv_heads": 2}])
def test_flops_and_parameters_equal_what_torch_counts(changes: dict[str, object]) -> None:
    model = target(**changes)  # type: ignore[arg-type]
    network = PlainModel(model)
    tokens = torch.randint(model.vocab_size, (model.num_tokens,), generator=torch.Generator().manual_seed(0))
    with FlopCounterMode(display=False) as counter:
        scores = network(tokens)
    forward_flops = counter.get_total_flops()
    with counter:
        scores.sum().backward()
    cost = count_cost(uniform(Full(), causal=False), model)
    assert cost.forward_flops == forward_flops
    assert cost.train_flops == forward_flops + counter.get_total_flops()
    assert cost.num_parameters == sum(parameter.numel() for parameter in network.parameters())


@given(pattern_cases())
@quick
def test_pairs_are_those_of_all_masks(case: tuple[ModelPattern, int]) -> None:
    pattern, num_tokens = case
    masks = [pattern.mask(layer, num_tokens) for layer in range(pattern.num_layers)]
    assert cost_for(pattern, num_tokens).pairs == sum(int(mask.sum()) for mask in masks)


def test_a_causal_window_has_the_closed_form() -> None:
    cost = count_cost(uniform(Window(6)), target())
    pairs = 3 * 4 * (24 * 7 - 7 * 6 // 2)
    assert cost.pairs == pairs
    assert cost.attention_flops == 4 * 8 * pairs
    assert cost.kv_cache_bytes == 3 * 4 * 7 * 2 * 8 * 2


def test_spellings_of_one_pattern_cost_the_same_although_heads_share_keys() -> None:
    wide, narrow = HeadGroup(1, (Window(15),)), HeadGroup(1, (Window(1),))
    apart = ModelPattern.of([(wide, narrow, wide, narrow)])
    together = ModelPattern.of([(HeadGroup(2, (Window(1),)), HeadGroup(2, (Window(15),)))])
    assert apart.id == together.id
    cost = count_cost(apart, target(num_kv_heads=2, num_layers=1))
    assert cost == count_cost(together, target(num_kv_heads=2, num_layers=1))
    assert cost.kv_cache_bytes == (16 + 2) * 2 * 8 * 2


def test_the_default_target_is_a_proxy_of_the_patterns_own_size() -> None:
    pattern = uniform(Window(7), num_layers=2)
    cost = cost_for(pattern, 128)
    matrices = 2 * (4 * 64 * 64 + 2 * 64 * 256)
    assert cost.forward_flops == 2 * 128 * (matrices + 64 * 256) + 4 * 16 * cost.pairs
    assert cost.num_parameters == matrices + 2 * 64 * 256 + 5 * 64
    assert cost.num_tokens == 128


def test_the_length_can_differ_from_the_targets() -> None:
    pattern = uniform(Window(7))
    assert count_cost(pattern, target(), 16) == count_cost(pattern, target(num_tokens=16))
    assert cost_for(pattern, 16, target()) == count_cost(pattern, target(), 16)


def test_tiles_are_computed_whole() -> None:
    cost = count_cost(uniform(Window(6)), target(block=8))
    assert cost.tiles == 3 * 4 * (3 + 2)
    assert cost.tile_flops == 4 * 8 * cost.tiles * 8**2
    assert count_cost(uniform(Window(6)), target(block=24)).tiles == 3 * 4
    relative = ModelPattern.of([(HeadGroup(4, (Window(6),)),)] * 3, position="relative")
    core = count_cost(relative, target(block=8))
    assert core.tiles is not None and core.tile_flops is not None
    assert core.tile_flops - core.attention_flops == 6 * 8 * (core.tiles * 8**2 - core.pairs)


def test_tiles_are_left_out_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "_MOST_ROWS", 3)
    assert count_cost(uniform(Window(6)), target(block=8)).tiles == 3 * 4 * (3 + 2)
    cost, ratio = cost_with_ratio(uniform(Window(6)), target(block=7))
    assert cost.tiles is cost.tile_flops is None
    assert cost.pairs == count_cost(uniform(Window(6)), target(block=8)).pairs
    assert ratio.keys() == cost.counted.keys() == cost.to_dict().keys() - {"tiles", "tile_flops"}


def test_a_grid_is_permuted_into_the_tiles_of_the_target() -> None:
    pattern = ModelPattern.of([(HeadGroup(4, (Neighborhood(3, 3),)),)] * 3, causal=False, grid=(8, 8))
    by_row, by_tile = (
        count_cost(pattern, target(num_tokens=64, block=16, grid_tile=tile)).tiles for tile in (None, [4, 4])
    )
    assert by_row == 3 * 4 * (4 + 2 * 3), "two rows of the grid in a block"
    assert by_tile == 3 * 4 * 4**2


@given(pattern_cases(computing=True))
@quick
def test_decoding_compares_the_last_query(case: tuple[ModelPattern, int]) -> None:
    pattern, num_tokens = case
    heads = [head for layer in pattern.layers for head in layer.head_patterns()]
    expected = sum(int(count_row_pairs(head, num_tokens)[-1]) for head in heads)
    assert cost_for(pattern, num_tokens).decode_pairs == expected


def test_ratios_are_shares_of_full_attention_under_the_same_keys() -> None:
    pattern = uniform(Window(0))
    cost, ratio = cost_with_ratio(pattern, target())
    assert list(ratio) == list(cost.to_dict())
    assert ratio["pairs"] == pytest.approx(24 / (24 * 25 / 2))
    assert ratio["kv_cache_bytes"] == pytest.approx(1 / 24)
    assert ratio["num_parameters"] == 1
    assert set(cost_with_ratio(full_pattern(pattern), target())[1].values()) == {1.0}


@given(pattern_cases())
@quick
def test_an_estimate_is_exact_where_few_heads_draw(case: tuple[ModelPattern, int]) -> None:
    pattern, num_tokens = case
    few = target(num_layers=2, num_heads=4, num_tokens=num_tokens)
    assert estimate_cost(pattern, few) == count_cost(pattern, few)


def test_an_estimate_counts_all_draws_as_the_first_few(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = uniform(Window(64), Global(8), Random(32, 2), num_layers=16, num_heads=16)
    large = target(num_kv_heads=4, num_layers=16, num_heads=16, num_tokens=2048)
    rough, exact = estimate_cost(drawing, large), count_cost(drawing, large)
    assert rough != exact
    assert rough.attention_flops == pytest.approx(exact.attention_flops, rel=0.01)
    assert rough.kv_cache_bytes == pytest.approx(exact.kv_cache_bytes, rel=0.03)
    monkeypatch.setattr(counting, "DRAWS_COUNTED", 16 * 16)
    assert estimate_cost(drawing, large) == exact


def test_a_length_of_no_tokens_is_an_error() -> None:
    with pytest.raises(InputError, match="num_tokens: must be a whole number from 1"):
        cost_for(uniform(Full()), 0)


LONG = Shape(num_layers=2, num_heads=4, num_tokens=32768, causal=True)


@pytest.mark.parametrize(
    "name", [name for name in BASELINES if name != "bigbird" and not BASELINES[name].needs.lack(LONG)]
)
def test_every_baseline_is_counted_for_a_real_model_at_32k(name: str) -> None:
    pattern = BASELINES[name](LONG)
    model = target(8, num_tokens=32768, num_layers=32, num_heads=32, d_model=4096, d_head=128, d_mlp=14336)
    cost, full = count_cost(pattern, model), count_cost(full_pattern(pattern), model)
    assert 0 < cost.attention_flops <= full.attention_flops
    assert 0 < cost.kv_cache_bytes <= full.kv_cache_bytes


def test_ratios_leave_positions_and_memory_out_of_the_full_model() -> None:
    relative = ModelPattern.of([(HeadGroup(4, (Full(),)),)] * 3, position="relative", memory_tokens=[4] * 3)
    cost, ratio = cost_with_ratio(relative, target())
    assert ratio == cost.ratio_to(count_cost(uniform(Full()), target()))
    assert ratio["attention_flops"] > 1.5


def test_a_larger_model_remembers_as_the_layers_it_is_made_from() -> None:
    pattern = ModelPattern.of([(HeadGroup(4, (Window(2),)),)] * 2, memory_tokens=[6, 0])
    six, three = (count_cost(pattern, target(num_layers=layers)).pairs for layers in (4, 2))
    assert six == 2 * three


def test_a_thousand_heads_with_random_blocks_are_counted_for_a_real_model_at_32k() -> None:
    model = target(8, num_tokens=32768, num_layers=32, num_heads=32, d_model=4096, d_head=128, d_mlp=14336)
    pattern = BASELINES["bigbird"](LONG)
    cost, full = count_cost(pattern, model), count_cost(full_pattern(pattern), model)
    assert 0 < cost.attention_flops < full.attention_flops


@quick
@given(pattern_cases())
def test_a_pattern_of_one_phase_costs_what_full_attention_does_in_the_other(case: tuple[ModelPattern, int]) -> None:
    pattern, num_tokens = case
    model = target(block=4)
    both, full = (count_cost(one, model, num_tokens) for one in (pattern, full_pattern(pattern)))
    prefill, decode = (count_cost(pattern, model, num_tokens, phase) for phase in ("prefill", "decode"))
    after_the_prompt = ("decode_pairs", "kv_cache_bytes")
    for name, number in both.to_dict().items():
        own, other = (decode, prefill) if name in after_the_prompt else (prefill, decode)
        assert own.to_dict()[name] == number and other.to_dict()[name] == full.to_dict()[name]
    assert estimate_cost(pattern, target(block=4, num_tokens=num_tokens), "decode").pairs == full.pairs
