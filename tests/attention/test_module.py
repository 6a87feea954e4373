"""The public module: what it accepts, what it refuses, and what `auto` picks."""

import pytest
import torch
from torch import Tensor

from nas.attention import SparseAttention, attend
from nas.attention.choice import FEWEST_TOKENS, choose_backend
from nas.errors import InputError
from nas.patterns.head import HeadPattern
from nas.patterns.layer import HeadGroup, LayerPattern
from nas.patterns.primitives import Full, Global, Select, Window

LAYER = LayerPattern((HeadGroup(2, (Window(7), Global(1))), HeadGroup(1, (Full(),))))


def qkv(*shape: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return tuple(torch.randn(shape, generator=generator) for _ in range(3))  # type: ignore[return-value]


@pytest.mark.parametrize("backend", ["auto", "dense", "pieces", "flex"])
def test_the_module_attends_as_its_layer_says(backend: str) -> None:
    q, k, v = qkv(2, 3, 40, 16)
    scores = (q @ k.mT / 4).masked_fill(~torch.from_numpy(LAYER.mask(40)), -torch.inf)
    assert torch.allclose(SparseAttention(LAYER, backend)(q, k, v), scores.softmax(-1) @ v, atol=1e-5)


def test_the_module_holds_no_weights() -> None:
    assert list(SparseAttention(LAYER).state_dict()) == []


def test_an_unknown_backend_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match=r"backend: unknown .*got 'peices'\. Did you mean 'pieces'\?"):
        SparseAttention(LAYER, "peices")


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([(3, 40, 8)] * 3, r"q: must have shape \(batch, heads, tokens, d_key\)"),
        ([(0, 3, 40, 8)] * 3, r"q: must have shape \(batch, heads, tokens, d_key\)"),
        ([(1, 4, 40, 8)] * 3, "q: must have 3 heads, as the pattern has, got 4"),
        ([(1, 3, 40, 8), (1, 3, 41, 8), (1, 3, 40, 8)], "k: must have the shape of q"),
        ([(1, 3, 40, 8), (1, 3, 40, 8), (1, 3, 41, 8)], r"v: must have shape .* as q, \(1, 3, 40\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(shapes: list[tuple[int, ...]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        SparseAttention(LAYER)(*(torch.zeros(shape) for shape in shapes))


def test_types_that_do_not_fit_are_refused() -> None:
    q, k, v = qkv(1, 3, 8, 8)
    with pytest.raises(InputError, match="k: must have the type and device of q"):
        SparseAttention(LAYER)(q, k.double(), v)
    with pytest.raises(InputError, match="q: must hold floating-point numbers"):
        SparseAttention(LAYER)(q.int(), k.int(), v.int())


def test_flex_says_that_it_cannot_train_on_a_cpu() -> None:
    q, k, v = qkv(1, 3, 8, 8)
    with pytest.raises(InputError, match=r"backend: flex has a backward pass on a GPU only.* Use pieces or auto\."):
        attend(q.requires_grad_(), k, v, LAYER.head_patterns(), "flex")


def test_auto_takes_dense_for_short_sequences_and_dense_patterns_and_pieces_elsewhere() -> None:
    window, full = HeadPattern((Window(15),)), HeadPattern((Full(),), causal=False)
    short, long = torch.zeros(1, 2, FEWEST_TOKENS - 1, 8), torch.zeros(1, 2, 4 * FEWEST_TOKENS, 8)
    assert choose_backend((window, window), short, short) == "dense"
    assert choose_backend((window, window), long, long) == "pieces"
    assert choose_backend((full, full), long, long) == "dense"


def test_auto_chooses_for_select_by_what_it_computes() -> None:
    long = torch.zeros(1, 2, 4 * FEWEST_TOKENS, 8)
    few, nearly_all = HeadPattern((Select(64, 3),)), HeadPattern((Select(64, 30),))
    assert choose_backend((few, few), long, long) == "pieces"
    assert choose_backend((nearly_all, nearly_all), long, long) == "dense"


def test_a_memory_counts_as_keys_that_all_queries_see() -> None:
    window = HeadPattern((Window(15),), memory_tokens=20 * FEWEST_TOKENS)
    long = torch.zeros(1, 1, 2 * FEWEST_TOKENS, 8)
    assert choose_backend((window,), long, long) == "dense"


def test_select_heads_train_under_flex_on_any_device() -> None:
    """They gather by themselves, so what flex cannot do on a CPU does not concern them."""
    q, k, v = qkv(1, 2, 40, 8)
    heads = (HeadPattern((Select(8, 2),)),) * 2
    grads = [
        torch.autograd.grad(attend(q, k.requires_grad_(), v, heads, name).sum(), k)[0] for name in ("flex", "pieces")
    ]
    assert torch.equal(*grads)
