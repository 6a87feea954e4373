"""What computed kinds, positions and memory cost, against plain loops whose products torch counts."""

from typing import Any

import pytest
import torch
from hypothesis import given
from strategies import pattern_cases, quick
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from nas.costs.counting import cost_with_ratio, count_cost
from nas.costs.dense_part import matrix_flops, num_parameters
from nas.costs.target import Target
from nas.patterns.head import HeadPattern
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, LowRank, Neighborhood, Primitive, Select, Window
from nas.results.cost import Cost

D_HEAD, D_MODEL, TOKENS = 4, 12, 10


def target(**changes: int) -> Target:
    sizes = {"num_tokens": TOKENS, "num_layers": 2, "num_heads": 3, "num_kv_heads": 3, "d_model": D_MODEL}
    sizes |= {"d_head": D_HEAD, "d_mlp": 20, "vocab_size": 11}
    return Target(name="small", **{**sizes, **changes})


def uniform(*attend: Primitive, **more: Any) -> ModelPattern:
    return ModelPattern.of([(HeadGroup(3, attend),)] * 2, **more)


def cost(pattern: ModelPattern) -> Cost:
    return count_cost(pattern, target())


def ones(*shape: int) -> Tensor:
    return torch.ones(shape)


class PlainAttention:
    """One head of one sequence, a product for each pair; `additions` counts what no product shows."""

    def __init__(self, head: HeadPattern, position: str) -> None:
        self.head, self.position = head, position
        self.additions = 0

    def run(self, n: int) -> None:
        if isinstance(self.head.computed, LowRank):
            projection = ones(self.head.computed.rank, n)
            keys, values = projection @ ones(n, D_HEAD), projection @ ones(n, D_HEAD)
            for _ in range(n):
                self.read(len(keys), values)
            return
        means = self.block_means(n)
        first_distance = 0 if self.head.causal else 1 - n
        for _ in range(first_distance, n + self.head.memory_tokens):
            if self.position == "relative":
                ones(1, D_MODEL) @ ones(D_MODEL, D_HEAD)
        for query in range(n):
            rows = len(self.keys_of(query, n, means)) + self.head.memory_tokens
            self.read(rows, ones(rows, D_HEAD))

    def read(self, rows: int, values: Tensor) -> None:
        for _ in range(rows):
            ones(1, D_HEAD) @ ones(D_HEAD, 1)
            if self.position == "relative":
                ones(1, D_HEAD) @ ones(D_HEAD, 1)
        ones(1, rows) @ values

    def block_means(self, n: int) -> list[int]:
        """The blocks that have a mean, as numbers."""
        if not isinstance(self.head.computed, Select):
            return []
        self.additions += n * D_HEAD
        return list(range(-(-n // self.head.computed.block)))

    def keys_of(self, query: int, n: int, means: list[int]) -> list[int]:
        if not isinstance(self.head.computed, Select):
            return [key for key in range(n) if self.head.allows(query, key, n)]
        block, own = self.head.computed.block, query // self.head.computed.block
        earlier = [mean for mean in means if mean < own]
        for _ in earlier:
            ones(1, D_HEAD) @ ones(D_HEAD, 1)
        chosen = [own, *earlier[: self.head.computed.blocks]]
        return [key for key in range(query + 1) if key // block in chosen]


def plain_flops(pattern: ModelPattern, n: int) -> int:
    additions = 0
    with FlopCounterMode(display=False) as counter:
        for head in (head for layer in pattern.layers for head in layer.head_patterns()):
            attention = PlainAttention(head, pattern.position)
            attention.run(n)
            additions += attention.additions
    return counter.get_total_flops() + additions


@pytest.mark.parametrize(
    "pattern",
    [
        uniform(Window(3), position="relative"),
        uniform(Window(2, 3), position="relative", causal=False),
        uniform(Full(), position="relative", memory_tokens=[5, 2]),
        uniform(Window(3), memory_tokens=[0, 4]),
        uniform(Select(3, 1)),
        uniform(Select(2, 2), memory_tokens=[3, 3]),
        uniform(LowRank(4), causal=False),
        uniform(Window(4), position="alibi"),
        uniform(Window(4), position="learned"),
        uniform(Neighborhood(3, 3), grid=(2, 5), causal=False, position="none"),
        ModelPattern.of([(HeadGroup(1, (Full(),)), HeadGroup(2, (Select(4, 1),)))] * 2),
    ],
    ids=lambda pattern: f"{pattern.layers[0].heads[-1].attend[0].kind}-{pattern.position}",
)
def test_the_core_equals_a_product_for_each_pair(pattern: ModelPattern) -> None:
    assert cost(pattern).attention_flops == plain_flops(pattern.canonical(), TOKENS)


@quick
@given(case=pattern_cases(computing=True))
def test_every_pattern_costs_what_its_plain_computation_does(case: tuple[ModelPattern, int]) -> None:
    pattern, num_tokens = case
    model = target(num_layers=pattern.num_layers, num_heads=4, num_kv_heads=4)
    assert count_cost(pattern, model, num_tokens).attention_flops == plain_flops(pattern.canonical(), num_tokens)


def test_remembered_states_pass_through_the_matrices_of_keys_and_values() -> None:
    pattern = uniform(Full(), memory_tokens=[5, 0])
    model = target(num_kv_heads=1)
    with FlopCounterMode(display=False) as counter:
        for _ in ("keys", "values"):
            ones(5, D_MODEL) @ ones(D_MODEL, D_HEAD)
    counted = count_cost(pattern, model)
    assert counted.forward_flops - counted.attention_flops == matrix_flops(model, TOKENS) + counter.get_total_flops()


@pytest.mark.parametrize(
    ("pattern", "weights"),
    [
        (uniform(Full()), 0),
        (uniform(Full(), position="alibi"), 0),
        (uniform(Full(), position="learned"), TOKENS * D_MODEL),
        (uniform(Full(), position="relative"), 2 * (3 * D_HEAD + 3 * D_HEAD + 3 * D_HEAD * D_MODEL)),
        (uniform(LowRank(4), causal=False), 2 * 2 * 4 * TOKENS),
        (uniform(LowRank(4, "key_value"), causal=False), 2 * 4 * TOKENS),
        (uniform(LowRank(4, "layers"), causal=False), 4 * TOKENS),
    ],
)
def test_weights_that_a_pattern_brings_along(pattern: ModelPattern, weights: int) -> None:
    assert cost(pattern).num_parameters == num_parameters(target()) + weights


def test_a_smaller_rank_uses_rows_of_a_larger_one() -> None:
    mixed = ModelPattern.of([(HeadGroup(1, (LowRank(3),)), HeadGroup(2, (LowRank(5),)))] * 2, causal=False)
    assert cost(mixed).num_parameters == cost(uniform(LowRank(5), causal=False)).num_parameters


def test_the_cache_of_low_rank_is_its_rows_and_memory_is_kept() -> None:
    a_row = 2 * D_HEAD * 2 * 2 * 3
    assert cost(uniform(LowRank(4), causal=False)).kv_cache_bytes == 4 * a_row
    assert cost(uniform(Window(2), memory_tokens=[6, 6])).kv_cache_bytes == (3 + 6) * a_row


def test_the_yardstick_is_full_attention_with_rotary_positions_and_no_memory() -> None:
    plain = cost(uniform(Full()))
    relative, ratio = cost_with_ratio(uniform(Full(), position="relative", memory_tokens=[4, 4]), target())
    assert ratio == relative.ratio_to(plain)
    assert ratio["attention_flops"] > 1.5


def test_a_larger_model_remembers_as_the_layers_it_is_made_from() -> None:
    pattern = uniform(Window(2), memory_tokens=[6, 0])
    six, three = (count_cost(pattern, target(num_layers=layers)).pairs for layers in (4, 2))
    assert six == 2 * three
