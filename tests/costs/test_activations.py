"""Predicted activations against what torch's allocator holds between the two passes of a training step."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.attention import bias, short
from nas.attention.choice import FEWEST_TOKENS
from nas.costs import activations
from nas.costs.activations import proxy_activation_bytes
from nas.costs.counting import cost_for
from nas.costs.target import FEWEST_TOKENS_FOR_PIECES, ProxyTarget
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Primitive, Select, Window
from nas.profiling.allocation import allocation_of
from nas.proxy.network.layout import layout_for
from nas.proxy.network.model import CohortTransformer
from nas.proxy.settings import ProxySettings
from nas.proxy.training.data import as_tensors
from nas.proxy.training.metrics import loss_sums, num_scored
from nas.tasks.synthetic.recall import RecallSettings, RecallTask
from tests.strategies import computed, quick, unions

TOLERANCE = 0.05
"""How far a prediction may be off; today's are exact but for the loss."""
VOCABULARY = 40
POSITIONS = ["rope", "none", "learned", "alibi", "relative"]


def held_bytes(pattern: ModelPattern, proxy: ProxySettings, num_tokens: int, backend: str) -> int:
    """What a forward pass of one sequence has allocated and not freed, as torch's allocator reports it."""
    task = RecallTask(RecallSettings(num_tokens=num_tokens, vocab_size=VOCABULARY, num_pairs=1, validation_sequences=1))
    rows = layout_for(pattern, proxy, task).initial_row(0)[None]
    model = CohortTransformer(rows, [pattern], proxy, task, backend)
    tokens, targets, _ = as_tensors(task.train_batch(0, 1, 0), torch.device("cpu"))
    model(tokens)  # masks and plans are made once, for all steps
    return allocation_of(
        lambda: loss_sums(model(tokens), targets).sum() / num_scored(targets), torch.device("cpu")
    ).held_bytes


def target(proxy: ProxySettings, num_tokens: int, backend: Any) -> ProxyTarget:
    made = proxy.target(num_tokens, VOCABULARY)
    made.backend = backend
    return made


@st.composite
def trained(draw: st.DrawFn) -> tuple[ModelPattern, ProxySettings, int]:
    """Causal models whose heads are masks or `select`, one kind after the other, of any sizes, and a length."""
    num_layers, num_heads = draw(st.integers(1, 3)), draw(st.sampled_from([1, 2, 4]))
    attend = st.sampled_from(draw(st.lists(unions(True) | st.tuples(computed(True)), min_size=1, max_size=2)))
    first = [draw(st.integers(0, num_heads - 1)) for _ in range(num_layers)]
    layers = [
        tuple(HeadGroup(count, draw(attend)) for count in (before, num_heads - before) if count) for before in first
    ]
    position = draw(st.sampled_from(POSITIONS))
    d_model = draw(st.sampled_from([16, 24, 48])) * num_heads // draw(st.sampled_from([1, 2]))
    proxy = ProxySettings(
        num_layers=num_layers, num_heads=num_heads, d_model=d_model, mlp_ratio=draw(st.integers(1, 4))
    )
    return ModelPattern.of(layers, position=position), proxy, 2 * draw(st.integers(2, 80))


@pytest.mark.parametrize("backend", ["dense", "pieces"])
@settings(quick, max_examples=15)
@given(case=trained())
def test_activations_are_what_the_allocator_holds(case: tuple[ModelPattern, ProxySettings, int], backend: str) -> None:
    pattern, proxy, num_tokens = case
    predicted = proxy_activation_bytes(pattern, target(proxy, num_tokens, backend), num_tokens)
    assert predicted == pytest.approx(held_bytes(pattern, proxy, num_tokens, backend), rel=TOLERANCE)


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("attend", [(Window(9), Global(2)), (Full(),), (Select(4, 2),)])
def test_sequences_too_long_for_plain_products_keep_what_a_fused_kernel_does(
    attend: tuple[Primitive, ...], position: str
) -> None:
    proxy, num_tokens = ProxySettings(num_layers=2, num_heads=4, d_model=32), 258
    pattern = ModelPattern.of([(HeadGroup(3, attend), HeadGroup(1, (Window(3),)))] * 2, position=position)
    predicted = proxy_activation_bytes(pattern, target(proxy, num_tokens, "dense"), num_tokens)
    assert predicted == pytest.approx(held_bytes(pattern, proxy, num_tokens, "dense"), rel=TOLERANCE)


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("num_layers", [1, 3])
@pytest.mark.parametrize("attend", [(Window(9),), (Window(9), Global(2)), (Full(),)])
def test_what_a_long_sequence_keeps_is_known_but_for_the_loss(
    attend: tuple[Primitive, ...], num_layers: int, position: str
) -> None:
    """With the backend that `auto` picks, which is not pieces for full attention."""
    proxy, num_tokens = ProxySettings(num_layers=num_layers, num_heads=4, d_model=32), 2 * FEWEST_TOKENS
    pattern = ModelPattern.of([(HeadGroup(4, attend),)] * num_layers, position=position)
    predicted = proxy_activation_bytes(pattern, proxy.target(num_tokens, VOCABULARY), num_tokens)
    assert held_bytes(pattern, proxy, num_tokens, "auto") - predicted == 16


def test_what_is_kept_is_known_to_both_sides() -> None:
    assert activations.MOST_SHORT_SCORES == short.MOST_SHORT_SCORES
    assert activations.QUERIES_A_SPAN == bias.QUERIES_A_SPAN


def test_the_cost_of_a_proxy_is_that_of_one_sequence_with_the_backend_of_its_length() -> None:
    assert FEWEST_TOKENS_FOR_PIECES == FEWEST_TOKENS
    pattern = ModelPattern.of([(HeadGroup(4, (Window(7),)),)] * 2)
    for num_tokens, backend in ((FEWEST_TOKENS - 1, "dense"), (FEWEST_TOKENS, "pieces")):
        own = ProxySettings().target(num_tokens, 256)
        assert own.backend == backend
        assert cost_for(pattern, num_tokens).activation_bytes == proxy_activation_bytes(pattern, own, num_tokens)
