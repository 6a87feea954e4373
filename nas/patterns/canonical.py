"""The canonical form: one value for all spellings of a layer."""

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from nas.patterns.layer import HeadGroup, LayerPattern
from nas.patterns.primitives import PRIMITIVES, Primitive, Random

_ORDER = {kind: place for place, kind in enumerate(PRIMITIVES)}


@lru_cache(maxsize=1 << 14)
def canonical_layer(layer: LayerPattern, numbered: bool) -> LayerPattern:
    """The layer with redundant primitives dropped, equal groups merged, and groups in a fixed order; cached, since
    searches repeat layers.

    Heads without trained weights are interchangeable, so their order is dropped too.
    It is kept if a group draws `random` blocks, because those depend on the head's number.

    Args:
        layer: any layer.
        numbered: whether anything else depends on the head's number (the slopes of ALiBi, or weights).
    """
    unions = [(canonical_union(group.attend, layer.causal), group.count) for group in layer.heads]
    if numbered or any(isinstance(primitive, Random) for union, _ in unions for primitive in union):
        merged = _merge_neighbours(unions)
    else:
        counts: Counter[tuple[Primitive, ...]] = Counter()
        for union, count in unions:
            counts[union] += count
        merged = sorted(counts.items(), key=lambda item: [_sort_key(primitive) for primitive in item[0]])
    groups = tuple(HeadGroup(count, union) for union, count in merged)
    return LayerPattern(groups, layer.causal, layer.index, layer.grid, layer.memory_tokens)


@lru_cache(maxsize=1 << 12)
def canonical_union(attend: tuple[Primitive, ...], causal: bool) -> tuple[Primitive, ...]:
    """The union without primitives that another covers, in canonical order; cached, since searches repeat unions."""
    simple = {primitive.simplified(causal) for primitive in attend} - {None}
    ordered = sorted((primitive for primitive in simple if primitive is not None), key=_sort_key)
    kept = list(ordered)
    for primitive in ordered:
        others = [other for other in kept if other is not primitive]
        if any(other.covers(primitive, causal) for other in others):
            kept = others
    return tuple(kept)


def _merge_neighbours(unions: Iterable[tuple[tuple[Primitive, ...], int]]) -> list[tuple[tuple[Primitive, ...], int]]:
    merged: list[tuple[tuple[Primitive, ...], int]] = []
    for union, count in unions:
        if merged and merged[-1][0] == union:
            count += merged.pop()[1]
        merged.append((union, count))
    return merged


def _sort_key(primitive: Primitive) -> tuple[int, list[tuple[int, str]]]:
    """Kinds in the order of docs/patterns.md, then numbers by size and words alphabetically."""
    values = [value for name, value in primitive.to_dict().items() if name != "kind"]
    parts = [(value, "") if isinstance(value, int) else (0, value) for value in values]
    return _ORDER[primitive.kind], parts
