"""The point of the front nearest to a pattern that a format cannot represent."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from math import prod

import numpy as np

from nas.errors import ExportError
from nas.export.contract.export_format import Format
from nas.export.selection.point import ExportPoint
from nas.patterns.head import HeadPattern
from nas.patterns.layer import LayerPattern
from nas.patterns.model import ModelPattern
from nas.results.bundle import ExportSettings

_MOST_QUERIES = 64
"""Masks are compared at the study's length, in so many rows, which are spread over it evenly."""


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
    pattern, num_tokens = point.trained_pattern, point.provenance.num_tokens
    supported = [other for other in front if _can_represent(export_format, other, settings)]
    differences = [(other, difference(pattern, other.trained_pattern, num_tokens)) for other in supported]
    return min(differences, key=lambda pair: pair[1], default=None)


def difference(one: ModelPattern, other: ModelPattern, num_tokens: int) -> float:
    """How much two patterns of one shape differ: 0 for equal masks, 1 for masks that share nothing.

    The number of pairs of query and key that only one of two masks shows, as a share of those that either shows,
    averaged over layers and heads; in a long sequence the pairs of 64 queries stand for all. Heads are compared in the
    canonical order. If keys are chosen by content, every pair that may be chosen counts as shown. Memories are ignored.

    Args:
        one: a pattern.
        other: another pattern with as many layers and heads.
        num_tokens: sequence length, in tokens; ignored for patterns with a grid, which has its own.
    """
    length = prod(one.grid) if one.grid else num_tokens
    shares = []
    for left, right in zip(one.canonical().layers, other.canonical().layers, strict=True):
        shares += [_share(*heads, length) for heads in zip(_heads(left), _heads(right), strict=True)]
    return sum(shares) / len(shares)


def _heads(layer: LayerPattern) -> list[HeadPattern]:
    return [replace(head, memory_tokens=0).outline() for head in layer.head_patterns()]


@lru_cache(maxsize=1024)
def _share(one: HeadPattern, other: HeadPattern, num_tokens: int) -> float:
    """The difference of two heads; cached, since many heads of a model attend alike."""
    query = np.linspace(0, num_tokens - 1, min(num_tokens, _MOST_QUERIES)).astype(np.int64)[:, None]
    left, right = (head.visible(query, np.arange(num_tokens), num_tokens) for head in (one, other))
    return float((left ^ right).sum() / (left | right).sum())


def _can_represent(export_format: Format, point: ExportPoint, settings: ExportSettings) -> bool:
    try:
        export_format.write(point.pattern, point.provenance, settings)
    except ExportError:
        return False
    return True
