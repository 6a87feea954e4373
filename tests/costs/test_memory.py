import numpy as np
import pytest

from nas.costs.counting import count_cost
from nas.costs.memory import activation_bytes, kv_cache_bytes
from nas.costs.target import Target
from nas.patterns.arrays import Flags
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, LowRank, Primitive, Stride, Window
from nas.patterns.stretch import stretched
from nas.search_spaces.hybrid import Hybrid
from nas.space.random_suggester import RandomSuggester
from nas.space.space import Shape

TOKENS = 24
SMALL = {"num_tokens": TOKENS, "num_layers": 3, "num_heads": 4, "d_model": 32, "d_head": 8, "d_mlp": 48}


def target(num_kv_heads: int = 4, **changes: object) -> Target:
    return Target(name="small", **{**SMALL, "num_kv_heads": num_kv_heads, **changes})  # type: ignore[arg-type]


def uniform(*attend: Primitive, causal: bool = True, memory_tokens: int = 0) -> ModelPattern:
    return ModelPattern.of([(HeadGroup(4, attend),)] * 3, causal=causal, memory_tokens=[memory_tokens] * 3)


def sampled(seed: int, causal: bool) -> ModelPattern:
    shape = Shape(num_layers=2, num_heads=4, num_tokens=24, causal=causal)
    return Hybrid().sample(RandomSuggester(seed), shape)


def brute_kv_entries(mask: Flags, causal: bool) -> int:
    """Most keys that a decoder must hold at any step, for the heads of one KV head; mask (heads, queries, keys)."""
    num_tokens = mask.shape[-1]
    if not causal:
        return num_tokens
    return max(sum(bool(mask[:, step:, key].any()) for key in range(step + 1)) for step in range(num_tokens))


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("num_kv_heads", [1, 2, 4])
def test_pairs_and_kv_cache_equal_brute_force_on_dense_masks(num_kv_heads: int, causal: bool) -> None:
    model = target(num_kv_heads)
    for seed in range(8):
        pattern = sampled(seed, causal)
        fitted = stretched(pattern.canonical(), model.num_layers, model.num_heads)
        masks = [fitted.mask(layer, TOKENS) for layer in range(model.num_layers)]
        entries = sum(brute_kv_entries(shared, causal) for mask in masks for shared in np.split(mask, num_kv_heads))
        cost = count_cost(pattern, model)
        assert cost.pairs == sum(int(mask.sum()) for mask in masks)
        assert cost.kv_cache_bytes == entries * 2 * 8 * 2


def test_what_a_window_and_global_tokens_and_a_stride_keep_in_the_cache() -> None:
    full = kv_cache_bytes(uniform(Full()), target(), TOKENS)
    assert kv_cache_bytes(uniform(Window(3), Global(2)), target(), TOKENS) == full * 6 // 24
    assert kv_cache_bytes(uniform(Stride(8)), target(), TOKENS) > full * 2 // 3


def test_the_cache_of_low_rank_is_its_rows_and_memory_is_kept() -> None:
    a_row = 2 * 8 * 2 * 3 * 4
    assert kv_cache_bytes(uniform(LowRank(4), causal=False), target(), TOKENS) == 4 * a_row
    assert kv_cache_bytes(uniform(Window(2), memory_tokens=6), target(), TOKENS) == (3 + 6) * a_row


def test_activation_bytes_are_the_published_formula_for_full_attention() -> None:
    s, h, a, layers = TOKENS, 32, 4, 3
    pairs = layers * a * s * s
    assert activation_bytes(target(), s, pairs) == layers * s * h * (34 + 5 * a * s / h)
    fused = activation_bytes(target(fused_attention=True), s, pairs)
    assert fused == layers * s * h * 34
    assert activation_bytes(target(bytes_per_element=4, fused_attention=True), s, pairs) == 2 * fused
    assert count_cost(uniform(Full(), causal=False), target()).activation_bytes == activation_bytes(target(), s, pairs)
