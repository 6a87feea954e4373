"""Which heads of a generated module attend alike, and the last query that sees a key."""

from dataclasses import dataclass
from functools import reduce
from typing import Any

from nas.export.contract.heads import masked_heads
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Columns, Full, Global, Primitive, Random, Window


@dataclass(frozen=True, slots=True)
class HeadKinds:
    """The kinds of heads that a pattern has; heads of a kind have the same mask, whatever their layer.

    Args:
        unions: what each kind sees, without redundant primitives.
        layers: for each layer, the kind of every head: an index of `unions`.
    """

    unions: tuple[tuple[Primitive, ...], ...]
    layers: tuple[tuple[int, ...], ...]


def head_kinds(pattern: ModelPattern, name: str) -> HeadKinds:
    """The kinds of heads of a pattern. Heads that draw random blocks draw their own, so each is a kind by itself.

    Args:
        pattern: a pattern of masks.
        name: name of the format, for refusals.

    Raises:
        Refusal: a part of the pattern is not a mask.
    """
    unions: list[tuple[Primitive, ...]] = []
    numbers: dict[Any, int] = {}
    layers = []
    for groups in masked_heads(pattern, name):
        kinds = []
        for heads in groups:
            drawn = any(isinstance(primitive, Random) for primitive in heads.union)
            for head in range(heads.first, heads.stop):
                key = (heads.union, heads.layer, head) if drawn else heads.union
                if key not in numbers:
                    numbers[key] = len(unions)
                    unions.append(heads.union)
                kinds.append(numbers[key])
        layers.append(tuple(kinds))
    return HeadKinds(tuple(unions), tuple(layers))


def keeps_all(kinds: HeadKinds) -> bool:
    """Whether later queries may see every key again in all heads, so that no cache can drop any."""
    return all(_last_query(union) is None for union in kinds.unions)


def kinds_source(kinds: HeadKinds) -> str:
    """The part of a module that says which heads attend alike, and which query is the last to see a key."""
    functions, names = [], []
    for number, union in enumerate(kinds.unions):
        last = _last_query(union)
        names.append("None" if last is None else f"_last_query_{number}")
        if last is not None:
            functions.append(f"\n\ndef _last_query_{number}(kv_idx: Tensor) -> Tensor:\n    return {last}\n")
    layers = "".join(f"    {layer},\n" for layer in kinds.layers)
    full = ", ".join(str(number) for number, union in enumerate(kinds.unions) if union == (Full(),))
    last_queries = "".join(f"    {name},\n" for name in names)
    return _KINDS.format(layers=layers, full=full) + "".join(functions) + _LAST_QUERY.format(last_queries=last_queries)


def _last_query(union: tuple[Primitive, ...]) -> str | None:
    """The last query that sees a key kv_idx, as an expression; None where later queries may see every key again."""
    parts = [_expression(primitive) for primitive in union]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return reduce(lambda first, second: f"torch.maximum({first}, {second})", known)


def _expression(primitive: Primitive) -> str | None:
    match primitive:
        case Window():
            return f"kv_idx + {primitive.before * primitive.dilation}"
        case Global():
            return f"torch.where(kv_idx < {primitive.first}, FOREVER, kv_idx)"
        case Columns():
            return f"torch.where(kv_idx % {primitive.every} >= {primitive.every - primitive.width}, FOREVER, kv_idx)"
        case Block():
            end = primitive.tokens - 1 - primitive.shift
            return f"(kv_idx + {primitive.shift}) // {primitive.tokens} * {primitive.tokens} + {end}"
        case _:  # full attention and strides come back to every key; drawn blocks and grids may
            return None


_KINDS = """

KINDS: tuple[tuple[int, ...], ...] = (  # for each layer, the kinds of its heads; those of a kind have the same mask
{layers})
FULL: frozenset[int] = frozenset([{full}])  # kinds that see every earlier key
FOREVER = 1 << 62  # of a key that every later query sees
"""

_LAST_QUERY = """

# For each kind, the last query that sees a key, as a function of the key's index; None if every key may be seen again.
LAST_QUERY: tuple[Callable[[Tensor], Tensor] | None, ...] = (
{last_queries})
"""
