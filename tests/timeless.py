"""Measurements without the time they took, so that they can be compared."""

from collections.abc import Iterable
from inspect import signature

from nas.results.measurement import Measurement


def timeless(measurements: Iterable[Measurement]) -> list[Measurement]:
    """The same with `wall_seconds` 0."""
    names = [name for name in signature(Measurement).parameters if name != "wall_seconds"]
    return [Measurement(**{name: getattr(one, name) for name in names}, wall_seconds=0.0) for one in measurements]
