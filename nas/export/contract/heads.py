"""The heads of a pattern as formats need them: which attend alike, their place in the file, and refusals."""

from dataclasses import dataclass

from nas.errors import ExportError, InputError
from nas.patterns.canonical import canonical_union
from nas.patterns.layer import LayerPattern
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import ComputedPrimitive, Global, Primitive, Random, Window
from nas.results.bundle import OPTIONS


class Refusal(ExportError):
    """A pattern that a format cannot represent.

    Args:
        cause: what the format cannot represent, where and why, in one line.
    """

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(f"{cause}. Use --format pattern, which represents everything.")


def refusal(name: str, kind: str, where: str, why: str = "") -> Refusal:
    """A refusal in the form that all formats share.

    Args:
        name: name of the format.
        kind: the kind of primitive, or the key of the pattern file, that the format cannot represent.
        where: layer and heads in words, and the path in the pattern file.
        why: what the format requires instead, as a clause.
    """
    reason = f": {why}" if why else ""
    return Refusal(f"{name}: cannot represent {kind!r} in {where}{reason}")


@dataclass(frozen=True, slots=True)
class Heads:
    """A head group of one layer.

    Args:
        layer: index of the layer.
        group: index of the group in its layer.
        first: index of its first head in the layer.
        stop: index after its last head.
        written: the union as in the pattern file.
        union: the same union without redundant primitives.
    """

    layer: int
    group: int
    first: int
    stop: int
    written: tuple[Primitive, ...]
    union: tuple[Primitive, ...]

    def refuse(self, name: str, primitive: Primitive, why: str = "") -> Refusal:
        """The refusal of one primitive of these heads by the format `name`."""
        same = [place for place, other in enumerate(self.written) if other.kind == primitive.kind]
        path = f"layers[{self.layer}].heads[{self.group}].attend[{same[0] if same else 0}]"
        return refusal(name, primitive.kind, f"layer {self.layer}, {self.names()} ({path})", why)

    def refuse_unlike(self, name: str, other: "Heads", why: str) -> Refusal:
        """The refusal of these heads because they attend differently from others; names a primitive that those lack."""
        odd = next((primitive for primitive in self.union if primitive not in other.union), self.union[0])
        return self.refuse(name, odd, why)

    def names(self) -> str:
        """The heads in words."""
        last = self.stop - 1
        return f"head {last}" if self.first == last else f"heads {self.first} to {last}"


@dataclass(frozen=True, slots=True)
class Streaming:
    """A head that sees first tokens and a window, or has full attention.

    Args:
        first: tokens at the start that every later query sees.
        before: earlier keys of the window, the query itself not counted; None for full attention.
    """

    first: int
    before: int | None


def masked_heads(pattern: ModelPattern, name: str) -> tuple[tuple[Heads, ...], ...]:
    """The head groups of every layer of a pattern that consists of masks.

    Args:
        pattern: any pattern.
        name: name of the format, for refusals.

    Raises:
        Refusal: a layer has a memory, or a head computes which keys it sees.
    """
    return tuple(layer_heads(layer, name) for layer in pattern.layers)


def layer_heads(layer: LayerPattern, name: str) -> tuple[Heads, ...]:
    """The head groups of one layer, see `masked_heads`."""
    if layer.memory_tokens:
        where = f"layer {layer.index}, all heads (layers[{layer.index}].memory_tokens)"
        raise refusal(name, "memory_tokens", where, "it is not a mask")
    found: list[Heads] = []
    for index, group in enumerate(layer.heads):
        first = found[-1].stop if found else 0
        union = canonical_union(group.attend, layer.causal)
        heads = Heads(layer.index, index, first, first + group.count, group.attend, union)
        for primitive in group.attend:
            if isinstance(primitive, ComputedPrimitive):
                raise heads.refuse(name, primitive, "it computes which keys are seen, so it is not a mask")
        found.append(heads)
    return tuple(found)


def require_causal(pattern: ModelPattern, name: str) -> None:
    """Raise Refusal unless the pattern is causal."""
    if not pattern.causal:
        raise refusal(name, "causal: false", "all layers and heads (causal)", "its attention is causal")


def single_group(heads: tuple[Heads, ...], name: str) -> Heads:
    """The head group of a layer whose heads all attend alike.

    Args:
        heads: all groups of the layer.
        name: name of the format, for refusals.

    Raises:
        Refusal: two heads of the layer attend differently.
    """
    for other in heads[1:]:
        if other.union != heads[0].union:
            raise other.refuse_unlike(name, heads[0], "all heads of a layer must attend alike")
    return heads[0]


def kv_heads(heads: tuple[Heads, ...], num_kv_heads: int | None, name: str) -> tuple[Heads, ...]:
    """For each KV head of a layer, the head group that its query heads belong to.

    Args:
        heads: all groups of the layer.
        num_kv_heads: KV heads, each shared by the same number of neighbouring query heads; None for one per query head.
        name: name of the format, for refusals.

    Raises:
        InputError: the number of query heads is not a multiple of it.
        Refusal: two query heads of one KV head attend differently.
    """
    by_head = [group for group in heads for _ in range(group.first, group.stop)]
    if num_kv_heads is None:
        return tuple(by_head)
    if len(by_head) % num_kv_heads:
        allowed = f"must divide the {len(by_head)} heads of the pattern"
        raise InputError(OPTIONS["num_kv_heads"], allowed, num_kv_heads)
    share = len(by_head) // num_kv_heads
    for head, group in enumerate(by_head):
        leader = by_head[head - head % share]
        drawn = share > 1 and any(isinstance(primitive, Random) for primitive in group.union)
        if group.union != leader.union or drawn:
            raise group.refuse_unlike(name, leader, f"the query heads of KV head {head // share} must attend alike")
    return tuple(by_head[::share])


def streaming(heads: Heads, name: str) -> Streaming:
    """The union of a causal head group as first tokens and a window.

    Args:
        heads: a head group.
        name: name of the format, for refusals.

    Raises:
        Refusal: it is neither that nor full attention.
    """
    if [primitive.kind for primitive in heads.union] == ["full"]:
        return Streaming(0, None)
    for primitive in heads.union:
        if not isinstance(primitive, Window | Global):
            raise heads.refuse(
                name, primitive, "it represents full attention, or a window with or without first tokens"
            )
        if isinstance(primitive, Window) and primitive.dilation > 1:
            raise heads.refuse(name, primitive, "its window has no dilation")
    windows = [primitive for primitive in heads.union if isinstance(primitive, Window)]
    first = [primitive.first for primitive in heads.union if isinstance(primitive, Global)]
    return Streaming(max(first, default=0), windows[0].before)
