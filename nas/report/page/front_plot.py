"""The chart of a front: every trial at its value in every objective, so that a page can switch axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from nas.report.objective_labels import label
from nas.report.page.axis import Axis
from nas.report.page.chart import path_of
from nas.report.study.comparison import deviation, indistinguishable
from nas.report.study.record import StudyRecord
from nas.report.study.verdict import worth_in_words
from nas.results.front import FrontEntry
from nas.results.objective import Objective
from nas.results.trial import Trial, TrialState
from nas.statistics.far_out import far_out
from nas.statistics.pareto import staircase

MOST_NUMBERED = 30
"""Points of a front up to which each has its number on it; more would cover one another."""
WIDEST = 0.6
"""How far trials that are not on the front may stretch an axis, as a share of what the front and baselines take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotPoint:
    """A trial in the chart.

    Args:
        trial: its number.
        kind: front, baseline, trial (dominated) or stopped (a forecast of the last rung).
        places: where it lies in every objective, 0 to 1.
        name: what it is called.
        lines: its values in words, one per objective.
    """

    trial: int
    kind: str
    places: tuple[float, ...]
    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotLayer:
    """The lines between two axes, as SVG path data in a square of 100.

    Args:
        x: index of the horizontal objective.
        y: index of the vertical one.
        staircase: the best value that any point of the front has at each value of the other.
        whiskers: standard deviations of estimates.
        joins: neighbours whose order the noise leaves open.
    """

    x: int
    y: int
    staircase: str
    whiskers: str
    joins: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPlot:
    """The chart.

    Args:
        axes: one per objective.
        better: for every objective, which way is better.
        points: from back to front.
        layers: one per pair of objectives.
        x: index of the objective that is horizontal at first.
        y: index of the one that is vertical at first.
        num_outside: dominated trials that lie too far out to be drawn.
        num_at_edge: points of the front and baselines that are far worse than the others and stand at the edge.
    """

    axes: tuple[Axis, ...]
    better: tuple[str, ...]
    points: tuple[PlotPoint, ...]
    layers: tuple[PlotLayer, ...]
    x: int
    y: int
    num_outside: int
    num_at_edge: int

    @property
    def is_dense(self) -> bool:
        """Whether there are more points than have room for their numbers."""
        return sum(point.kind == "front" for point in self.points) > MOST_NUMBERED


def front_plot(record: StudyRecord) -> FrontPlot:
    """The chart of a study's front."""
    objectives = record.front.objectives
    others = {trial.number: values for trial in record.trials if (values := _other_values(record, trial))}
    scales = [_scale(record, objective) for objective in objectives]
    axes = tuple(
        _axis(record, one, scale, [values[one.name] for values in others.values()])
        for one, scale in zip(objectives, scales, strict=True)
    )

    def places(values: Sequence[float]) -> tuple[float, ...]:
        return tuple(axis.place(value / scale) for axis, value, scale in zip(axes, values, scales, strict=True))

    drawn, num_outside, num_at_edge = [], 0, 0
    for trial in record.trials:
        if trial.number in others:
            at = places([others[trial.number][one.name] for one in objectives])
            if all(0 <= place <= 1 for place in at):
                drawn.append(_other_point(record, trial, others[trial.number], at))
            else:
                num_outside += 1
    on_front = {point.trial for point in record.points}
    entries = sorted(record.entries.values(), key=lambda entry: entry.trial in on_front)
    for entry in entries:
        kind = "front" if entry.trial in on_front else "baseline"
        at = places([entry.worth(one.name) for one in objectives])
        num_at_edge += not all(0 <= place <= 1 for place in at)
        drawn.append(
            PlotPoint(
                trial=entry.trial,
                kind=kind,
                places=tuple(map(_within, at)),
                name=_name(entry),
                lines=tuple(f"{label(one.name)} {worth_in_words(entry, one)}" for one in objectives),
            )
        )
    y = objectives.index(record.front.leading)
    return FrontPlot(
        axes=axes,
        better=tuple("lower is better" if one.direction == "minimize" else "higher is better" for one in objectives),
        points=tuple(drawn),
        layers=tuple(_layer(record, pair, axes, scales) for pair in permutations(range(len(objectives)), 2)),
        x=min(
            (index for index in range(len(objectives)) if index != y), key=lambda index: not objectives[index].is_cost
        ),
        y=y,
        num_outside=num_outside,
        num_at_edge=num_at_edge,
    )


def _within(place: float) -> float:
    """A place on the axis: its end for one beyond."""
    return min(max(place, 0.0), 1.0)


def _name(entry: FrontEntry) -> str:
    return f"Trial {entry.trial}" + (f", {entry.baseline}" if entry.baseline else "")


def _other_values(record: StudyRecord, trial: Trial) -> dict[str, float] | None:
    """What a trial that is neither on the front nor a baseline is drawn at: as measured, or as forecast."""
    if trial.number in record.entries or trial.duplicate_of is not None:
        return None
    names = [objective.name for objective in record.front.objectives]
    if trial.state is TrialState.FINISHED:
        values = trial.values
    elif trial.state is TrialState.STOPPED and record.is_forecast and trial.number in record.insight.forecasts:
        values = trial.costs | {record.insight.score: record.insight.forecasts[trial.number]}
    else:
        return None
    return {name: values[name] for name in names} if all(name in values for name in names) else None


def _other_point(record: StudyRecord, trial: Trial, values: dict[str, float], places: tuple[float, ...]) -> PlotPoint:
    stopped = trial.state is TrialState.STOPPED
    lines = [f"{label(one.name)} {values[one.name]:.4g} {one.unit}" for one in record.front.objectives]
    return PlotPoint(
        trial=trial.number,
        kind="stopped" if stopped else "trial",
        places=places,
        name=f"Trial {trial.number}, {'stopped, at its forecast' if stopped else 'not on the front'}",
        lines=tuple(lines),
    )


def _scale(record: StudyRecord, objective: Objective) -> float:
    """What values are divided by: full attention's cost where shares are known, else 1."""
    for entry in record.entries.values():
        ratio = entry.ratio(objective.name)
        if ratio:
            return entry.values[objective.name] / ratio
    return 1.0


def _axis(record: StudyRecord, objective: Objective, scale: float, others: Sequence[float]) -> Axis:
    """The axis of an objective: it holds front and baselines, and other trials as far as they stretch it little.

    It does not hold those of them whose measured value is far worse than the others'.
    """
    entries = list(record.entries.values())
    values = [entry.worth(objective.name) for entry in entries]
    beyond = [False] * len(values) if objective.is_cost else far_out(values, objective.direction)
    inner = [
        (value + sign * (deviation(entry, objective.name) or 0.0)) / scale
        for entry, value, is_out in zip(entries, values, beyond, strict=True)
        if not is_out
        for sign in (-1, 1)
    ]
    low, high = (min(inner), max(inner)) if inner else (0.0, 1.0)
    room = WIDEST * (high - low)
    near = [value / scale for value in others if low - room <= value / scale <= high + room]
    is_share = objective.is_cost and scale != 1.0
    unit = "share of full attention's" if is_share else objective.unit
    title = f"{label(objective.name)} ({unit})"
    return Axis.over([*inner, *near], title, may_be_log=objective.is_cost, suffix="x" if is_share else "")


def _layer(record: StudyRecord, pair: tuple[int, int], axes: Sequence[Axis], scales: Sequence[float]) -> PlotLayer:
    across, up = pair
    horizontal, vertical = (record.front.objectives[index] for index in pair)

    def place(entry: FrontEntry, x_more: float = 0.0, y_more: float = 0.0) -> tuple[float, float]:
        x = (entry.worth(horizontal.name) + x_more) / scales[across]
        y = (entry.worth(vertical.name) + y_more) / scales[up]
        return _within(axes[across].place(x)), _within(axes[up].place(y))

    points = record.points
    corners = staircase([place(point) for point in points], horizontal.direction, vertical.direction) if points else []
    # A cost that is higher keeps the better value of a lower one; where more is better, the other way round.
    steps = corners if horizontal.direction == "minimize" else [(x, y) for x, y in reversed(corners)]
    whiskers = []
    for entry in record.entries.values():
        if more := deviation(entry, vertical.name):
            whiskers.append(path_of([place(entry, y_more=-more), place(entry, y_more=more)]))
        if more := deviation(entry, horizontal.name):
            whiskers.append(path_of([place(entry, x_more=-more), place(entry, x_more=more)]))
    pairs = indistinguishable(points, record.front.leading)
    return PlotLayer(
        x=across,
        y=up,
        staircase=path_of(steps, stepped=True),
        whiskers=" ".join(whiskers),
        joins=" ".join(path_of([place(first), place(second)]) for first, second in pairs),
    )
