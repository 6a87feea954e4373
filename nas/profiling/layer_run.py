"""What the attention of one layer runs in each phase."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from nas.attention import attend
from nas.attention.choice import choose_backend
from nas.patterns.counting.kv_cache import kv_entries
from nas.patterns.primitives import Full
from nas.profiling.layer_inputs import Heads, InputMaker, LayerInputs
from nas.profiling.memory_limit import available_bytes
from nas.results.profile import ProfileConditions


@dataclass(frozen=True, slots=True, eq=False)
class LayerRun:
    """One layer in one phase, to be called again and again.

    Args:
        run: one pass.
        forward: its forward part, whose result holds all that a backward pass needs.
        input_bytes: bytes of its inputs, which are there before it runs.
        cache_bytes: bytes of the keys and values that the layer keeps for later decoding steps; 0 if there are none.
    """

    run: Callable[[], object]
    forward: Callable[[], object]
    input_bytes: int
    cache_bytes: int


def layer_run(heads: Heads, conditions: ProfileConditions, maker: InputMaker) -> LayerRun:
    """The run of one layer.

    Args:
        heads: the layer's, as many as the target has.
        conditions: give the phase and the sizes.
        maker: makes its inputs.

    Raises:
        MemoryError: it would run as dense attention under a mask that does not fit into the memory that is free.
    """
    caches = _cache_rows(heads, conditions) if conditions.phase != "train" and heads[0].causal else Counter()
    if conditions.phase == "decode":
        return _decoding_step(caches, conditions, maker)
    inputs = maker.inputs(heads)
    _check_mask(heads, inputs)
    if conditions.phase == "train":
        return _training_step(heads, inputs)
    element = inputs.tensors[0].element_size()
    width = sum(tensor.shape[-1] for tensor in inputs.tensors[1:])

    @torch.no_grad()
    def prefill() -> Tensor:
        return _forward(heads, inputs)

    kept = sum(rows * count for rows, count in caches.items()) * width * element
    return LayerRun(prefill, prefill, inputs.num_bytes, kept)


def _forward(heads: Heads, inputs: LayerInputs) -> Tensor:
    return attend(*inputs.tensors, heads, memory=inputs.memory, projections=inputs.projections)


def _training_step(heads: Heads, inputs: LayerInputs) -> LayerRun:
    def step() -> tuple[Tensor, ...]:
        out = _forward(heads, inputs)
        return torch.autograd.grad(out, inputs.all, torch.ones_like(out))

    return LayerRun(step, lambda: _forward(heads, inputs), inputs.num_bytes, 0)


def _decoding_step(caches: Counter[int], conditions: ProfileConditions, maker: InputMaker) -> LayerRun:
    """One query per head reads every row that its cache holds when it is fullest; equal caches are read together."""
    sharing = conditions.num_heads // conditions.num_kv_heads
    reads = [maker.cached(rows, count, count * sharing) for rows, count in caches.items()]

    @torch.no_grad()
    def step() -> list[Tensor]:
        return [scaled_dot_product_attention(q, k, v, enable_gqa=sharing > 1) for q, k, v in reads]

    caches_bytes = sum(k.nbytes + v.nbytes for _, k, v in reads)
    return LayerRun(step, step, caches_bytes + sum(q.nbytes for q, _, _ in reads), caches_bytes)


def _cache_rows(heads: Heads, conditions: ProfileConditions) -> Counter[int]:
    """How many KV heads of a layer keep each number of rows; adjacent query heads share a KV head."""
    sharing = conditions.num_heads // conditions.num_kv_heads
    groups = Counter(frozenset(heads[first : first + sharing]) for first in range(0, len(heads), sharing))
    rows: Counter[int] = Counter()
    for group, count in groups.items():
        rows[kv_entries(group, conditions.num_tokens)] += count
    return rows


def _check_mask(heads: Heads, inputs: LayerInputs) -> None:
    """Refuse a mask that would bring down the machine: the system promises more memory than it has."""
    q, _, v = inputs.tensors
    masked = tuple(head for head in heads if head.computed is None)
    if not masked or all(any(isinstance(one, Full) for one in head.attend) for head in masked):
        return
    if choose_backend(masked, q, v) != "dense":
        return
    entries = len(masked) * q.shape[-2] ** 2
    needed, available = entries * (1 + q.element_size()), available_bytes(str(q.device))  # booleans, then numbers
    if needed > available:
        raise MemoryError(f"a dense mask of {needed / 2**30:.1f} GiB, where {available / 2**30:.1f} GiB are free")
