"""The heads of a pattern as targets look at them: who attends alike, where it is written, and what is refused."""

from dataclasses import dataclass

from nas.errors import InputError
from nas.export.targets.refusal import Refusal, refusal
from nas.patterns.canonical import canonical_union
from nas.patterns.layer import LayerPattern
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import ComputedPrimitive, Global, Primitive, Random, Window


@dataclass(frozen=True, slots=True)
class Heads:
    """A head group of one layer.

    Args:
        layer: index of the layer.
        group: index of the group in its layer.
        first: number of its first head.
        stop: number after its last head.
        written: the union as the pattern file has it.
        union: the same union without what is redundant.
    """

    layer: int
    group: int
    first: int
    stop: int
    written: tuple[Primitive, ...]
    union: tuple[Primitive, ...]

    def refuse(self, target: str, primitive: Primitive, why: str = "") -> Refusal:
        """The refusal of one primitive of these heads."""
        same = [place for place, other in enumerate(self.written) if other.kind == primitive.kind]
        path = f"layers[{self.layer}].heads[{self.group}].attend[{same[0] if same else 0}]"
        return refusal(target, primitive.kind, f"layer {self.layer}, {self.names()} ({path})", why)

    def names(self) -> str:
        """The heads in words."""
        last = self.stop - 1
        return f"head {last}" if self.first == last else f"heads {self.first} to {last}"


@dataclass(frozen=True, slots=True)
class Streaming:
    """First tokens and a window, or full attention.

    Args:
        first: tokens at the start that every later query sees.
        before: earlier keys of the window, the query itself not counted; None for full attention.
    """

    first: int
    before: int | None


def masked_heads(pattern: ModelPattern, target: str) -> tuple[tuple[Heads, ...], ...]:
    """The head groups of each layer, all of masks.

    Raises:
        Refusal: a layer has a memory, or a head computes what it sees.
    """
    return tuple(layer_heads(layer, target) for layer in pattern.layers)


def require_causal(pattern: ModelPattern, target: str) -> None:
    """Raise Refusal unless the pattern is causal."""
    if not pattern.causal:
        raise refusal(target, "causal: false", "all layers and heads (causal)", "its attention is causal")


def only_union(heads: tuple[Heads, ...], target: str) -> Heads:
    """The one head group that stands for a whole layer.

    Raises:
        Refusal: two heads of the layer attend differently.
    """
    for other in heads[1:]:
        if other.union != heads[0].union:
            odd = next((one for one in other.union if one not in heads[0].union), other.union[0])
            raise other.refuse(target, odd, "all heads of a layer must attend alike")
    return heads[0]


def streaming(heads: Heads, target: str) -> Streaming:
    """The union of causal heads as first tokens and a window.

    Raises:
        Refusal: it is neither that nor full attention.
    """
    if [primitive.kind for primitive in heads.union] == ["full"]:
        return Streaming(0, None)
    for primitive in heads.union:
        if not isinstance(primitive, Window | Global):
            raise heads.refuse(target, primitive, "it can say a window, first tokens beside one, or full attention")
        if isinstance(primitive, Window) and primitive.dilation > 1:
            raise heads.refuse(target, primitive, "its window has no dilation")
    windows = [primitive for primitive in heads.union if isinstance(primitive, Window)]
    first = [primitive.first for primitive in heads.union if isinstance(primitive, Global)]
    return Streaming(max(first, default=0), windows[0].before)


def kv_heads(heads: tuple[Heads, ...], num_kv_heads: int | None, target: str) -> tuple[Heads, ...]:
    """For each KV head of a layer, the head group that its query heads belong to.

    Args:
        heads: all groups of the layer.
        num_kv_heads: KV heads, each of which serves as many neighbouring query heads; None for one a query head.
        target: name of the format.

    Raises:
        InputError: the query heads cannot be shared out evenly.
        Refusal: two query heads of one KV head attend differently.
    """
    by_head = [group for group in heads for _ in range(group.first, group.stop)]
    if num_kv_heads is None:
        return tuple(by_head)
    if len(by_head) % num_kv_heads:
        raise InputError("--kv-heads", f"must divide the {len(by_head)} heads of the pattern", num_kv_heads)
    share = len(by_head) // num_kv_heads
    for head, group in enumerate(by_head):
        leader = by_head[head - head % share]
        drawn = share > 1 and any(isinstance(primitive, Random) for primitive in group.union)
        if group.union != leader.union or drawn:
            odd = next((one for one in group.union if one not in leader.union), group.union[0])
            raise group.refuse(target, odd, f"the query heads of KV head {head // share} must attend alike")
    return tuple(by_head[::share])


def layer_heads(layer: LayerPattern, target: str) -> tuple[Heads, ...]:
    """The head groups of one layer, all of masks; raises as `masked_heads` does."""
    if layer.memory_tokens:
        where = f"layer {layer.index}, all heads (layers[{layer.index}].memory_tokens)"
        raise refusal(target, "memory_tokens", where, "it is no mask")
    found: list[Heads] = []
    for index, group in enumerate(layer.heads):
        first = found[-1].stop if found else 0
        union = canonical_union(group.attend, layer.causal)
        heads = Heads(layer.index, index, first, first + group.count, group.attend, union)
        for primitive in group.attend:
            if isinstance(primitive, ComputedPrimitive):
                raise heads.refuse(target, primitive, "it computes what it sees and is no mask")
        found.append(heads)
    return tuple(found)
