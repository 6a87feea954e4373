"""Which point of the front comes nearest to a pattern that a target cannot say."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from math import prod

from torch import Tensor

from nas.errors import ExportError
from nas.export.selection.point import ExportPoint
from nas.export.settings import ExportSettings
from nas.export.targets.target import Format
from nas.patterns.head import HeadPattern
from nas.patterns.layer import LayerPattern
from nas.patterns.model import ModelPattern

_MOST_TOKENS = 256
"""Masks are compared at the study's length, but no longer than this, in tokens."""


def nearest(
    point: ExportPoint, front: Sequence[ExportPoint], target: Format, settings: ExportSettings
) -> tuple[ExportPoint, float] | None:
    """The point of the front nearest to another one, among those that the target can say.

    Args:
        point: what the target cannot say.
        front: the points to choose from.
        target: the target.
        settings: numbers that it may need.

    Returns:
        the nearest point, with its difference; the first of equals; None if the target can say none.
    """
    num_tokens = min(point.provenance.num_tokens or _MOST_TOKENS, _MOST_TOKENS)
    supported_patterns = [other for other in front if _can_say(other, target, settings)]
    told = [(other, difference(point.pattern, other.pattern, num_tokens)) for other in supported_patterns]
    return min(told, key=lambda pair: pair[1], default=None)


def difference(one: ModelPattern, other: ModelPattern, num_tokens: int) -> float:
    """How much two patterns of one shape differ: 0 for equal masks, 1 for masks that share nothing.

    The mean over layers and heads of the pairs of query and key that one mask alone shows, as a share of those that
    either shows. Heads are compared in the canonical order; where content decides, all that it may choose counts as
    shown; memories are left out.

    Args:
        one: a pattern.
        other: another one, of as many layers and heads.
        num_tokens: sequence length, in tokens; a grid has its own.
    """
    length = prod(one.grid) if one.grid else num_tokens
    shares = []
    for left, right in zip(one.canonical().layers, other.canonical().layers, strict=True):
        for left_mask, right_mask in zip(_masks(left, length), _masks(right, length), strict=True):
            shares.append(float((left_mask ^ right_mask).sum() / (left_mask | right_mask).sum()))
    return sum(shares) / len(shares)


def _masks(layer: LayerPattern, num_tokens: int) -> list[Tensor]:
    return [_mask(replace(head, memory_tokens=0).outline(), num_tokens) for head in layer.head_patterns()]


@lru_cache(maxsize=256)
def _mask(head: HeadPattern, num_tokens: int) -> Tensor:
    """Kept, since the heads of one model often attend alike."""
    return head.mask(num_tokens)


def _can_say(point: ExportPoint, target: Format, settings: ExportSettings) -> bool:
    try:
        target.write(point.pattern, point.provenance, settings)
    except ExportError:
        return False
    return True
