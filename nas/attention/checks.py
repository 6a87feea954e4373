"""Checks of what attention is given: shapes and types must fit together."""

from functools import lru_cache

from torch import Tensor

from nas.attention.segment_memory import Pair, most_memory
from nas.errors import InputError
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import LowRank


def check_inputs(
    q: Tensor, k: Tensor, v: Tensor, heads: tuple[HeadPattern, ...], memory: Pair | None, projections: Pair | None
) -> None:
    """Raise InputError unless the tensors fit together and provide what the heads need; see `attend` for the shapes."""
    for name, tensor in (("q", q), ("k", k), ("v", v)):
        if not isinstance(tensor, Tensor):
            raise InputError(name, "must be a torch.Tensor", type(tensor).__name__)
    _check_shapes(q, k, v, len(heads))
    for name, tensor in (("k", k), ("v", v)):
        _check_type(name, tensor, q)
    if not q.is_floating_point():
        raise InputError("q", "must hold floating-point numbers", q.dtype)
    rows = most_memory(heads)
    _check_given("memory", memory, rows > 0, "memory_tokens")
    if memory is not None:
        _check_memory(memory, q, v, rows)
    rank = _largest_rank(heads)
    _check_given("projections", projections, rank > 0, "low_rank")
    if projections is not None:
        _check_projections(projections, q, rank)


@lru_cache(maxsize=1024)
def _largest_rank(heads: tuple[HeadPattern, ...]) -> int:
    """The largest rank of the `low_rank` heads; 0 if there is none."""
    return max((head.computed.rank for head in heads if isinstance(head.computed, LowRank)), default=0)


def _check_shapes(q: Tensor, k: Tensor, v: Tensor, num_heads: int) -> None:
    if q.dim() != 4 or 0 in q.shape:
        raise InputError("q", "must have shape (batch, heads, tokens, d_key), each 1 or more", tuple(q.shape))
    if q.shape[1] != num_heads:
        raise InputError("q", f"must have {num_heads} heads, as the pattern has", q.shape[1])
    if k.shape != q.shape:
        raise InputError("k", f"must have the shape of q, {tuple(q.shape)}", tuple(k.shape))
    if v.dim() != 4 or v.shape[:3] != q.shape[:3] or v.shape[3] == 0:
        allowed = f"must have shape (batch, heads, tokens, d_value), the first three as q, {tuple(q.shape[:3])}"
        raise InputError("v", allowed, tuple(v.shape))


def _check_given(name: str, pair: Pair | None, needed: bool, reason: str) -> None:
    """Raise InputError unless a pair of tensors is given exactly if some head needs it."""
    if pair is None and needed:
        raise InputError(name, f"must be given, since a head has {reason}", None, "Give (keys, values).")
    if pair is not None and not needed:
        raise InputError(name, f"must be None, since no head has {reason}", type(pair).__name__)
    if pair is None:
        return
    if not isinstance(pair, tuple | list) or len(pair) != 2 or not all(isinstance(x, Tensor) for x in pair):
        raise InputError(name, "must be two tensors, of keys and of values", type(pair).__name__)


def _check_memory(memory: Pair, q: Tensor, v: Tensor, needed: int) -> None:
    batch, num_heads = q.shape[:2]
    for index, (tensor, width) in enumerate(zip(memory, (q.shape[3], v.shape[3]), strict=True)):
        sizes = tuple(tensor.shape)
        if len(sizes) != 4 or (*sizes[:2], sizes[3]) != (batch, num_heads, width) or sizes[2] < needed:
            allowed = f"must have shape ({batch}, {num_heads}, {needed} or more, {width})"
            raise InputError(f"memory[{index}]", allowed, sizes)
        _check_type(f"memory[{index}]", tensor, q)
    if memory[0].shape[2] != memory[1].shape[2]:
        allowed = f"must have as many rows as memory[0], {memory[0].shape[2]}"
        raise InputError("memory[1]", allowed, memory[1].shape[2])


def _check_projections(projections: Pair, q: Tensor, needed: int) -> None:
    num_heads, num_tokens = q.shape[1:3]
    for index, tensor in enumerate(projections):
        sizes = tuple(tensor.shape)
        if len(sizes) != 3 or (sizes[0], sizes[2]) != (num_heads, num_tokens) or sizes[1] < needed:
            allowed = f"must have shape ({num_heads}, {needed} or more, {num_tokens})"
            raise InputError(f"projections[{index}]", allowed, sizes)
        _check_type(f"projections[{index}]", tensor, q)


def _check_type(name: str, tensor: Tensor, q: Tensor) -> None:
    if (tensor.dtype, tensor.device) != (q.dtype, q.device):
        allowed = f"must have the type and device of q, {q.dtype} on {q.device}"
        raise InputError(name, allowed, f"{tensor.dtype} on {tensor.device}")
