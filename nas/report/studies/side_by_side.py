"""Fronts of several studies side by side: one hypervolume reference for all, and what differs in their settings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from nas.errors import InputError
from nas.report.studies.standing import Standing, front_standings, standing_of
from nas.results.front import Front, leading
from nas.results.objective import Objective
from nas.results.trial import TrialState
from nas.statistics.pareto import Point, hypervolume, nondominated, reference_beyond

_DECIDE_VALUES = ("task", "extra_tasks", "task_quality", "evaluation", "checkpoint", "proxy", "training", "target")
"""Settings of which values follow: where they differ, qualities or costs are not of the same thing."""
_CHANGE_NO_VALUE = ("training.num_rungs", "training.rung_ratio")
"""Of these, settings that decide only which trials are trained to the end."""
_OF_NO_INTEREST = ("study", "runs_folder", "device", "executor", "workers", "cohort_size", "stall_minutes")
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the studies.

    Args:
        name: by which it was named.
        points: its front, best quality first.
        volume: hypervolume of its front, as a share of that of all fronts together, 0 to 1; None if they do not
            compare.
        on_joint: numbers of its trials that no point of any other study beats; empty if they do not compare.
    """

    name: str
    points: tuple[Standing, ...]
    volume: float | None
    on_joint: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A setting that is not the same in all studies.

    Args:
        key: its name on the command line.
        values: its value in every study, as text; `-` where it has none.
    """

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """Several studies side by side.

    Args:
        objectives: the axes that all of them have.
        sides: the studies, in the order in which they were named.
        obstacle: why their values do not compare, as a sentence; empty if they do.
        reference: the point that bounds all hypervolumes, by objective, in its unit; empty if they do not compare.
        differences: settings that differ, by name.
    """

    objectives: tuple[Objective, ...]
    sides: tuple[Side, ...]
    obstacle: str
    reference: Mapping[str, float]
    differences: tuple[Difference, ...]

    @property
    def rows(self) -> list[tuple[Side, Standing]]:
        """The joint front, best quality first; every front after the other where they do not compare."""
        if self.obstacle:
            return [(side, point) for side in self.sides for point in side.points]
        first = leading(self.objectives)
        joint = [(side, point) for side in self.sides for point in side.points if point.trial in side.on_joint]
        return sorted(joint, key=lambda row: first.sign * row[1].values[first.name])


def side_by_side(fronts: Mapping[str, Front], settings: Sequence[Mapping[str, Any]]) -> SideBySide:
    """Compare studies.

    Args:
        fronts: two or more, by name.
        settings: of each, as plain data.

    Raises:
        InputError: their objectives differ.
    """
    first = next(iter(fronts.values()))
    for name, front in fronts.items():
        if front.objectives != first.objectives:
            ours, theirs = (", ".join(f"{one.name} ({one.unit})" for one in two.objectives) for two in (first, front))
            raise InputError("objectives", f"must be the same in all studies, {ours}", f"{theirs} in {name}")
    differences = tuple(_differences(settings))
    obstacle = _obstacle(list(fronts.values()), differences)
    standings = {name: front_standings(front) for name, front in fronts.items()}
    everything = [(name, point) for name, own in standings.items() for point in own]
    places = [_minimised(point, first.objectives) for _, point in everything]
    joint = [index for index in nondominated(places)] if not obstacle else []
    published = [
        _minimised(standing_of(one, front), first.objectives)
        for front in fronts.values()
        for one in front.baselines
        if one.state is TrialState.FINISHED
    ]
    reference = reference_beyond([places[index] for index in joint], published) if joint else ()
    whole = hypervolume([places[index] for index in joint], reference) if joint else 0.0
    on_joint = [everything[index] for index in joint]
    sides = tuple(
        Side(
            name=name,
            points=own,
            volume=_share([_minimised(point, first.objectives) for point in own], reference, whole),
            on_joint=frozenset(point.trial for other, point in on_joint if other == name),
        )
        for name, own in standings.items()
    )
    bound = {one.name: one.sign * value for one, value in zip(first.objectives, reference, strict=False)}
    return SideBySide(
        objectives=first.objectives, sides=sides, obstacle=obstacle, reference=bound, differences=differences
    )


def _minimised(point: Standing, objectives: Sequence[Objective]) -> Point:
    return tuple(one.sign * point.values[one.name] for one in objectives)


def _share(points: Sequence[Point], reference: Point, whole: float) -> float | None:
    if not reference:
        return None
    share = hypervolume(points, reference) / whole if whole else 0.0
    return share if isfinite(share) else None


def _obstacle(fronts: Sequence[Front], differences: Sequence[Difference]) -> str:
    """Why values do not compare; empty if they do."""
    keys = [one.key for one in differences if one.key.partition(".")[0] in _DECIDE_VALUES]
    keys = [key for key in keys if key not in _CHANGE_NO_VALUE]
    if keys:
        more = f" and {len(keys) - _MOST_NAMED} more" if len(keys) > _MOST_NAMED else ""
        verb = "differs" if len(keys) == 1 else "differ"
        return f"{', '.join(keys[:_MOST_NAMED])}{more} {verb}, so values of these studies do not compare."
    made_of = {(one.provenance.task_fingerprint, one.provenance.checkpoint_fingerprint) for one in fronts}
    if len(made_of) > 1:
        return "The data or the checkpoint differ, so values of these studies do not compare."
    return ""


def _differences(settings: Sequence[Mapping[str, Any]]) -> Iterator[Difference]:
    flat = [dict(_flat(own)) for own in settings]
    for key in sorted({key for own in flat for key in own}):
        values = [own.get(key, "-") for own in flat]
        if len(set(values)) > 1 and key not in _OF_NO_INTEREST:
            yield Difference(key=key, values=tuple(values))


def _flat(value: Mapping[str, Any], where: str = "") -> Iterator[tuple[str, str]]:
    for key, own in value.items():
        if isinstance(own, Mapping):
            yield from _flat(own, f"{where}{key}.")
        else:
            yield f"{where}{key}", "null" if own is None else str(own).lower() if isinstance(own, bool) else str(own)
