"""FlexAttention computes what dense attention computes, with one kernel for all patterns."""

import shutil
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from nas.attention import attend
from nas.attention.flex import backend
from nas.attention.flex.compiler import compiled_flex_attention
from nas.attention.flex.layout import Layout
from nas.attention.flex.mask import block_mask
from nas.attention.segment_memory import most_memory
from nas.errors import InputError
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Select, Window
from nas.search_spaces.hybrid import Hybrid
from nas.space.random_suggester import RandomSuggester
from nas.space.space import Shape
from tests.attention.cases import Heads, Inputs
from tests.attention.flex.cases import CPU, HEADS, ON_A_GRID, on_gpu


def draw(*shape: int, device: str = "cpu", gradients: bool = False) -> Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(shape, generator=generator).to(device).requires_grad_(gradients)


def space_heads(seed: int) -> Heads:
    """A layer of the default space for 2,048 tokens: windows, dilations, globals, strides, columns, random blocks."""
    shape = Shape(num_layers=1, num_heads=4, num_tokens=2048, causal=True)
    return Hybrid().sample(RandomSuggester(seed), shape).layers[0].head_patterns()


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("num_tokens", [128, 200])
def test_the_forward_pass_on_a_cpu_equals_dense(causal: bool, num_tokens: int) -> None:
    heads = tuple(replace(head, causal=causal) for head in HEADS)
    q, k, v = (draw(1, len(heads), num_tokens, 16 + extra) for extra in (0, 0, 1))
    assert torch.allclose(attend(q, k, v, heads, "flex"), attend(q, k, v, heads, "dense"), atol=1e-5)


def test_the_forward_pass_with_a_grid_and_a_memory_equals_dense() -> None:
    heads = (*ON_A_GRID, HeadPattern((Select(20, 2),), memory_tokens=9))
    inputs = Inputs(heads, 256)
    with torch.no_grad():
        assert torch.allclose(inputs.output("flex"), inputs.output("dense"), rtol=0, atol=1e-12)


def test_a_gradient_on_a_cpu_is_refused() -> None:
    q = draw(1, 1, 8, 4, gradients=True)
    with pytest.raises(InputError, match="backward pass on a GPU only"):
        attend(q, q, q, (HeadPattern((Window(3),)),), "flex")


def test_a_gpu_without_a_compiler_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "missing_compiler", lambda: "no C compiler")
    q = on_gpu()
    with pytest.raises(InputError, match=r"cannot be compiled, got 'no C compiler'\. Use auto"):
        backend.flex_backend(q, q, q, (HeadPattern((Window(3),)),))


@pytest.fixture
def counted() -> Iterator[dict[str, int]]:
    """Dynamo's counts, from nothing."""
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    yield torch._dynamo.utils.counters["stats"]
    torch._dynamo.reset()


def compiled(heads: Heads, q: Tensor, k: Tensor, v: Tensor, memory: tuple[Tensor, Tensor] | None = None) -> Tensor:
    """The kernel that a GPU would run, in the form that torch compiles for a CPU."""
    layout = Layout.of(heads, q.shape[-2])
    padded = layout.pad(q, k, v, memory, most_memory(heads))
    return compiled_flex_attention()(*padded, block_mask=block_mask(heads, layout, CPU))[:, : len(heads)]


needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="needs a C++ compiler")
ignore_import = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # torch's own, at its first compile


@pytest.mark.slow
@needs_compiler
@ignore_import
def test_one_kernel_runs_fifty_patterns_of_a_space(counted: dict[str, int]) -> None:
    q, k, v = (draw(1, 4, 256, 16) for _ in range(3))
    drawn = [space_heads(seed) for seed in range(51)]
    assert len(set(drawn)) > 45
    for heads in drawn:
        assert torch.allclose(compiled(heads, q, k, v), attend(q, k, v, heads, "dense"), atol=1e-5)
        assert counted["unique_graphs"] == 1


@pytest.mark.slow
@needs_compiler
@ignore_import
@pytest.mark.parametrize("heads", [HEADS, ON_A_GRID], ids=["sequence", "grid"])
def test_every_kind_can_be_compiled(heads: Heads, counted: dict[str, int]) -> None:
    """Neither the order of the heads, nor a number of them that is padded alike, needs a kernel of its own."""
    for some in (heads, heads[::-1], (*heads, *heads)[: Layout.of(heads, 256).num_heads]):
        q, k, v = (draw(1, len(some), 256, 16) for _ in range(3))
        rows = most_memory(some)
        memory = (draw(1, len(some), rows, 16), draw(1, len(some), rows, 16)) if rows else None
        ours = compiled(some, q, k, v, memory)
        assert torch.allclose(ours, attend(q, k, v, some, "dense", memory=memory), atol=1e-5)
    assert counted["unique_graphs"] == 1


gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.mark.gpu
@gpu
@pytest.mark.parametrize("heads", [HEADS, (*ON_A_GRID, HeadPattern((Select(20, 2),)))], ids=["sequence", "grid"])
def test_a_gpu_trains_through_flex_as_through_dense(heads: Heads) -> None:
    check_training(heads)


@pytest.mark.gpu
@gpu
def test_a_gpu_compiles_one_kernel_for_fifty_patterns(counted: dict[str, int]) -> None:
    check_training(space_heads(0))
    compiles = torch._dynamo.utils.counters["inductor"]["fxgraph_cache_miss"]
    for seed in range(1, 51):
        check_training(space_heads(seed))
    assert counted["unique_graphs"] == 1
    assert torch._dynamo.utils.counters["inductor"]["fxgraph_cache_miss"] == compiles


def check_training(heads: Heads) -> None:
    """Outputs and gradients of 256 tokens in float32, whose products a GPU may round to TensorFloat-32."""
    rows = most_memory(heads)
    q, k, v = (draw(1, len(heads), 256, 32, device="cuda", gradients=True) for _ in range(3))
    shape = (1, len(heads), rows, 32)
    memory = (
        (draw(*shape, device="cuda", gradients=True), draw(*shape, device="cuda", gradients=True)) if rows else None
    )
    results = []
    for name in ("flex", "dense"):
        out = attend(q, k, v, heads, name, memory=memory)
        results.append([out, *torch.autograd.grad(out.square().sum(), [q, k, v, *(memory or ())])])
    for ours, theirs in zip(*results, strict=True):
        assert torch.allclose(ours, theirs, atol=2e-2, rtol=2e-2)
