"""The point of the front nearest to a pattern that a format cannot represent."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from math import prod

from nas.errors import ExportError
from nas.export.contract.export_format import Format
from nas.export.selection.point import ExportPoint
from nas.patterns.arrays import Flags
from nas.patterns.head import HeadPattern
from nas.patterns.layer import LayerPattern
from nas.patterns.model import ModelPattern
from nas.results.bundle import ExportSettings

_MOST_TOKENS = 256
"""Masks are compared at the study's length, but at most at this one, in tokens."""


def nearest(
    point: ExportPoint, front: Sequence[ExportPoint], export_format: Format, settings: ExportSettings
) -> tuple[ExportPoint, float] | None:
    """The point of the front nearest to another one, among those that the format can represent.

    Args:
        point: the point that the format cannot represent.
        front: the points to choose from.
        export_format: the format.
        settings: numbers that the format may need.

    Returns:
        the nearest point, the first among equals, with its difference; None if the format can represent none.
    """
    num_tokens = min(point.provenance.num_tokens, _MOST_TOKENS)
    supported = [other for other in front if _can_represent(export_format, other, settings)]
    differences = [(other, difference(point.trained_pattern, other.trained_pattern, num_tokens)) for other in supported]
    return min(differences, key=lambda pair: pair[1], default=None)


def difference(one: ModelPattern, other: ModelPattern, num_tokens: int) -> float:
    """How much two patterns of one shape differ: 0 for equal masks, 1 for masks that share nothing.

    The number of pairs of query and key that only one of two masks shows, as a share of those that either shows,
    averaged over layers and heads. Heads are compared in the canonical order. If keys are chosen
    by content, every pair that may be chosen counts as shown. Memories are ignored.

    Args:
        one: a pattern.
        other: another pattern with as many layers and heads.
        num_tokens: sequence length, in tokens; ignored for patterns with a grid, which has its own.
    """
    length = prod(one.grid) if one.grid else num_tokens
    shares = []
    for left, right in zip(one.canonical().layers, other.canonical().layers, strict=True):
        for left_mask, right_mask in zip(_masks(left, length), _masks(right, length), strict=True):
            shares.append(float((left_mask ^ right_mask).sum() / (left_mask | right_mask).sum()))
    return sum(shares) / len(shares)


def _masks(layer: LayerPattern, num_tokens: int) -> list[Flags]:
    return [_mask(replace(head, memory_tokens=0).outline(), num_tokens) for head in layer.head_patterns()]


@lru_cache(maxsize=256)
def _mask(head: HeadPattern, num_tokens: int) -> Flags:
    """The mask of a head; cached, since many heads of a model attend alike."""
    return head.mask(num_tokens)


def _can_represent(export_format: Format, point: ExportPoint, settings: ExportSettings) -> bool:
    try:
        export_format.write(point.pattern, point.provenance, settings)
    except ExportError:
        return False
    return True
