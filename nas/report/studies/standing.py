"""The best trials of a study, whether it has ended or not, and how its hypervolume grew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from nas.patterns.label import label as pattern_label
from nas.report.objective_labels import label
from nas.report.quantities import format_quantity, format_ratio, with_unit
from nas.results.front import Front, FrontEntry, leading
from nas.results.objective import Objective
from nas.results.trial import Trial, TrialState
from nas.statistics.pareto import Point, growing_hypervolume, nondominated, reference_beyond


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A trial that no other one beats.

    Args:
        trial: its number.
        baseline: name of the baseline; empty for a sampled pattern.
        label: the label of its pattern.
        values: what it is worth, by objective, in its unit.
        ratios: costs as shares of full attention's, by objective, where they are known.
    """

    trial: int
    baseline: str
    label: str
    values: Mapping[str, float]
    ratios: Mapping[str, float]

    @property
    def named_label(self) -> str:
        """The label, after the baseline's name if it is one."""
        return f"{self.baseline}  {self.label}" if self.baseline else self.label

    def short(self, objective: Objective) -> str:
        """`2.372`, `0.25x`, or with its unit where the share is unknown: `1.2 MFLOP`."""
        if objective.name in self.ratios:
            return format_ratio(self.ratios[objective.name])
        value = self.values[objective.name]
        return format_quantity(value, objective.unit) if objective.is_cost else f"{value:.3f}"

    def in_words(self, objective: Objective) -> str:
        """`quality 2.372 bits per byte`, `0.25x attention FLOPs`."""
        shown, name = self.short(objective), label(objective.name)
        return f"{shown} {name}" if objective.is_cost else f"{name} {with_unit(shown, objective.unit)}"


def standing_of(entry: FrontEntry, front: Front) -> Standing:
    """An entry of a front that has values."""
    ratios = {one.name: ratio for one in front.objectives if (ratio := entry.ratio(one.name)) is not None}
    values = {one.name: entry.worth(one.name) for one in front.objectives}
    name = entry.baseline or ""
    return Standing(trial=entry.trial, baseline=name, label=pattern_label(entry.pattern), values=values, ratios=ratios)


def front_standings(front: Front) -> tuple[Standing, ...]:
    """The points of a front, best quality first."""
    return tuple(standing_of(point, front) for point in front.points)


def standings_so_far(trials: Sequence[Trial], objectives: Sequence[Objective]) -> tuple[Standing, ...]:
    """The trials at the last rung that no other one beats, as measured, best quality first."""
    ended = [trial for trial in trials if counts(trial, objectives)]
    best = [ended[index] for index in nondominated([minimised(trial, objectives) for trial in ended])]
    full = next((trial for trial in ended if trial.baseline == "full"), None)
    first = leading(tuple(objectives))
    best.sort(key=lambda trial: (first.sign * trial.values[first.name], trial.number))
    return tuple(_standing(trial, objectives, full) for trial in best)


def volumes_so_far(trials: Sequence[Trial], objectives: Sequence[Objective]) -> list[float]:
    """The hypervolume after each trial at the last rung, in the order given, as a share of that of all."""
    counted = [trial for trial in trials if counts(trial, objectives)]
    points = [minimised(trial, objectives) for trial in counted]
    front = [points[index] for index in nondominated(points)]
    baselines = [point for trial, point in zip(counted, points, strict=True) if trial.baseline]
    shares = growing_hypervolume(points, reference_beyond(front, baselines))
    return [share if isfinite(share) else 0.0 for share in shares]


def counts(trial: Trial, objectives: Sequence[Objective]) -> bool:
    """Whether a trial has comparable values: those of earlier rungs are not."""
    return (
        trial.state is TrialState.FINISHED
        and trial.pattern is not None
        and all(objective.name in trial.values for objective in objectives)
    )


def minimised(trial: Trial, objectives: Sequence[Objective]) -> Point:
    """The values of a trial that counts, so that less is better."""
    return tuple(objective.sign * trial.values[objective.name] for objective in objectives)


def _standing(trial: Trial, objectives: Sequence[Objective], full: Trial | None) -> Standing:
    assert trial.pattern is not None, "a trial without a pattern does not count"
    costs = [one.name for one in objectives if one.is_cost and full is not None and full.values[one.name]]
    return Standing(
        trial=trial.number,
        baseline=trial.baseline or "",
        label=pattern_label(trial.pattern),
        values={one.name: trial.values[one.name] for one in objectives},
        ratios={name: trial.values[name] / full.values[name] for name in costs if full is not None},
    )
