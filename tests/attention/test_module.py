"""The public function and module: which heads run how, and what is passed on to them."""

import pytest
import torch
from torch import Tensor

from nas.attention import SparseAttention, attend
from nas.attention.head_groups import Heads
from nas.errors import InputError
from nas.patterns.head import HeadPattern
from nas.patterns.layer import HeadGroup, LayerPattern
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Select, Window
from tests.attention.cases import PROJECTED, WITH_MEMORY, Inputs

LAYER = LayerPattern((HeadGroup(2, (Window(7), Global(1))), HeadGroup(1, (Full(),))))


def qkv(*shape: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return tuple(torch.randn(shape, generator=generator) for _ in range(3))  # type: ignore[return-value]


@pytest.mark.parametrize("backend", ["auto", "dense", "pieces", "flex"])
def test_the_module_attends_as_its_layer_says(backend: str) -> None:
    q, k, v = qkv(2, 3, 40, 16)
    scores = (q @ k.mT / 4).masked_fill(~torch.from_numpy(LAYER.mask(40)), -torch.inf)
    assert torch.allclose(SparseAttention(LAYER, backend)(q, k, v), scores.softmax(-1) @ v, atol=1e-5)


@pytest.mark.parametrize("backend", ["auto", "dense"])
def test_heads_that_are_kept_are_hashed_once(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    heads, (q, k, v) = Heads(LAYER.head_patterns()), qkv(2, 3, 40, 16)
    first = attend(q, k, v, heads, backend)

    def again(_: HeadPattern) -> int:
        raise AssertionError("a head was hashed again")

    monkeypatch.setattr(HeadPattern, "__hash__", again)
    assert torch.equal(attend(q, k, v, heads, backend), first)
    with pytest.raises(AssertionError, match="hashed again"):
        attend(q, k, v, tuple(heads), backend)


def test_the_module_holds_no_weights() -> None:
    assert list(SparseAttention(LAYER).state_dict()) == []


def test_an_unknown_backend_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match=r"backend: unknown .*got 'peices'\. Did you mean 'pieces'\?"):
        SparseAttention(LAYER, "peices")


def test_flex_says_that_it_cannot_train_on_a_cpu() -> None:
    q, k, v = qkv(1, 3, 8, 8)
    with pytest.raises(InputError, match=r"backend: flex has a backward pass on a GPU only.* Use pieces or auto\."):
        attend(q.requires_grad_(), k, v, LAYER.head_patterns(), "flex")


def test_select_heads_train_under_flex_on_any_device() -> None:
    """They run through pieces, so flex's limit on a CPU does not concern them."""
    q, k, v = qkv(1, 2, 40, 8)
    heads = (HeadPattern((Select(8, 2),)),) * 2
    grads = [
        torch.autograd.grad(attend(q, k.requires_grad_(), v, heads, name).sum(), k)[0] for name in ("flex", "pieces")
    ]
    assert torch.equal(*grads)


@pytest.mark.parametrize("heads", [WITH_MEMORY, PROJECTED], ids=["memory", "projections"])
def test_the_module_hands_on_what_its_heads_need(heads: tuple[HeadPattern, ...]) -> None:
    rows = max(head.memory_tokens for head in heads)
    alike = tuple(HeadPattern(head.attend, head.causal, memory_tokens=rows) for head in heads)
    layer = LayerPattern(tuple(HeadGroup(1, head.attend) for head in alike), alike[0].causal, memory_tokens=rows)
    inputs = Inputs(alike, 20)
    tensors = (inputs.q, inputs.k, inputs.v)
    out = SparseAttention(layer)(*tensors, memory=inputs.memory, projections=inputs.projections)
    assert torch.equal(out, inputs.output("auto"))


def test_a_layer_is_asked_for_where_a_whole_model_is_given() -> None:
    model = ModelPattern.of([LAYER.heads])
    with pytest.raises(InputError, match=r"pattern: must be the pattern of one layer, .* take layers\[0\]\."):
        SparseAttention(model)  # type: ignore[arg-type]


def test_print_shows_heads_and_backend() -> None:
    assert repr(SparseAttention(LAYER, "pieces")) == "SparseAttention(num_heads=3, backend='pieces')"
