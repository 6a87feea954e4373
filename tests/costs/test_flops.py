"""What computed kinds, positions and memory add, against plain loops whose products torch counts."""

from typing import Any

import pytest
import torch
from hypothesis import given
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from nas.costs.counting import count_cost
from nas.costs.flops import matrix_flops
from nas.costs.target import Target
from nas.patterns.head import HeadPattern
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, LowRank, Neighborhood, Primitive, Select, Window
from nas.results.cost import Cost
from tests.strategies import pattern_cases, quick

D_HEAD, D_MODEL, TOKENS = 4, 12, 10


def target(**changes: int) -> Target:
    sizes: dict[str, Any] = {
        "num_tokens": TOKENS,
        "num_layers": 2,
        "num_heads": 3,
        "num_kv_heads": 3,
        "d_model": D_MODEL,
    }
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
