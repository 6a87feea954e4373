from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.costs.counting import count_cost
from nas.costs.memory import decoder_activation_bytes, kv_cache_bytes
from nas.costs.target import Target
from nas.patterns.arrays import Flags
from nas.patterns.head import HeadPattern
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, LowRank, Primitive, Stride, Window
from nas.patterns.stretch import stretched
from nas.search_spaces.hybrid import Hybrid
from nas.space.random_suggester import RandomSuggester
from nas.space.space import Shape
from tests.strategies import pattern_cases, quick

TOKENS = 24
SMALL = {"num_tokens": TOKENS, "num_layers": 3, "num_heads": 4, "d_model": 32, "d_head": 8, "d_mlp": 48}


def target(num_kv_heads: int = 4, **changes: object) -> Target:
    return Target(name="small", **{**SMALL, "num_kv_heads": num_kv_heads, **changes})  # type: ignore[arg-type]


def uniform(*attend: Primitive, causal: bool = True, memory_tokens: int = 0) -> ModelPattern:
    return ModelPattern.of([(HeadGroup(4, attend),)] * 3, causal=causal, memory_tokens=[memory_tokens] * 3)


def heads_of(pattern: ModelPattern) -> list[tuple[HeadPattern, ...]]:
    return [layer.head_patterns() for layer in pattern.layers]


def sampled(seed: int, causal: bool) -> ModelPattern:
    shape = Shape(num_layers=2, num_heads=4, num_tokens=24, causal=causal)
    return Hybrid().sample(RandomSuggester(seed), shape)


def plainly_sees(head: HeadPattern, query: int, key: int, num_tokens: int) -> bool:
    """By the definitions, one pair at a time; a `select` head may choose any earlier block."""
    return key <= query if head.computed is not None else head.allows(query, key, num_tokens)


def decode(sharing: Sequence[HeadPattern], num_tokens: int) -> int:
    """Generate a sequence token by token with one KV head's cache; returns the most entries that it held at once.

    Args:
        sharing: the query heads of the KV head.
        num_tokens: tokens of the sequence.
    """
    cache: set[int] = set()
    largest = 0
    for step in range(num_tokens):
        cache.add(step)
        for head in sharing:
            read = {key for key in range(num_tokens) if plainly_sees(head, step, key, num_tokens)}
            assert read <= cache, "nothing was freed that is read"
        largest = max(largest, len(cache))
        later = range(step + 1, num_tokens)
        cache = {key for key in cache if any(plainly_sees(head, q, key, num_tokens) for q in later for head in sharing)}
    return largest + max(head.memory_tokens for head in sharing)


@given(
    pattern_cases(st.integers(1, 14), computing=True).filter(lambda case: case[0].causal), st.sampled_from([1, 2, 4])
)
@quick
def test_the_cache_is_the_largest_while_decoding_with_grouped_queries(
    case: tuple[ModelPattern, int], num_kv_heads: int
) -> None:
    pattern, num_tokens = case
    model = target(num_kv_heads, num_layers=pattern.num_layers)
    sharing = model.num_heads // num_kv_heads
    groups = [
        heads[first : first + sharing]
        for heads in (layer.head_patterns() for layer in pattern.layers)
        for first in range(0, len(heads), sharing)
    ]
    entries = sum(decode(group, num_tokens) for group in groups)
    assert kv_cache_bytes(heads_of(pattern), model, num_tokens) == entries * 2 * model.d_head * model.bytes_per_element


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
    full = kv_cache_bytes(heads_of(uniform(Full())), target(), TOKENS)
    assert kv_cache_bytes(heads_of(uniform(Window(3), Global(2))), target(), TOKENS) == full * 6 // 24
    assert kv_cache_bytes(heads_of(uniform(Stride(8))), target(), TOKENS) > full * 2 // 3


def test_the_cache_of_low_rank_is_its_rows_and_memory_is_kept() -> None:
    a_row = 2 * 8 * 2 * 3 * 4
    assert kv_cache_bytes(heads_of(uniform(LowRank(4), causal=False)), target(), TOKENS) == 4 * a_row
    assert kv_cache_bytes(heads_of(uniform(Window(2), memory_tokens=6)), target(), TOKENS) == (3 + 6) * a_row


def test_activation_bytes_are_the_published_formula_for_full_attention() -> None:
    s, h, a, layers = TOKENS, 32, 4, 3
    pairs = layers * a * s * s
    assert decoder_activation_bytes(target(), s, pairs) == layers * s * h * (34 + 5 * a * s / h)
    fused = decoder_activation_bytes(target(fused_attention=True), s, pairs)
    assert fused == layers * s * h * 34
    assert decoder_activation_bytes(target(bytes_per_element=4, fused_attention=True), s, pairs) == 2 * fused
    assert count_cost(uniform(Full(), causal=False), target()).activation_bytes == decoder_activation_bytes(
        target(), s, pairs
    )
