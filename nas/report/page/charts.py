"""The plain charts of a report: how the search went, how a pattern learned, and how far rankings agree."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from nas.report.objective_labels import label
from nas.report.page.axis import Axis
from nas.report.page.chart import Chart, Line, Mark
from nas.report.study.comparison import deviation
from nas.report.study.history import VolumeStep
from nas.report.study.record import StudyRecord
from nas.report.study.survey_accuracy import agreement_in_words, predicted_losses
from nas.results.measurement import Measurement
from nas.results.objective import PROJECTED
from nas.results.trial import Trial
from nas.statistics.far_out import far_out
from nas.statistics.ranks import Direction

_HOUR, _MINUTE = 3600.0, 60.0
MOST_NAMED = 24
"""Marks that have their trial's number beside them; more would cover one another."""


def volume_charts(steps: Sequence[VolumeStep], num_baselines: int) -> tuple[Chart, ...]:
    """The hypervolume by trial, and by training time; none without a front."""
    if not steps:
        return ()
    seconds = steps[-1].seconds
    unit, name = (
        (_HOUR, "hours") if seconds > 3 * _HOUR else (_MINUTE, "minutes") if seconds > 300 else (1.0, "seconds")
    )
    volume = Axis.over([0.0, 1.0], "hypervolume (final front = 1)")
    by_trial = [(float(index + 1), step.volume) for index, step in enumerate(steps)]
    by_time = [(step.seconds / unit, step.volume) for step in steps]
    charts = [
        ("By trial", "trials, baselines first", by_trial, True),
        ("By cost", f"{name} of training, one run after the other", by_time, False),
    ]
    first = f" The {num_baselines} baselines come first." if num_baselines else ""
    return tuple(
        Chart(
            title=title,
            description=f"Hypervolume by {axis}, ending at 1 after {len(steps)} trials.{first}",
            x=Axis.over([0.0, *(x for x, _ in points)], axis, whole=whole),
            y=volume,
            lines=(Line(points=tuple(points), stepped=True),),
            marks=tuple(
                Mark(x=x, y=y, text=str(step.trial)) for (x, y), step in zip(points, steps, strict=True) if step.joined
            ),
        )
        for title, axis, points, whole in charts
    )


def curve_charts(record: StudyRecord, numbers: Sequence[int]) -> dict[int, Chart]:
    """How the quality of some trials went with training, by trial; a line per seed and task.

    All have the same axes, but for trials that are far worse, whose axis holds everything.

    Args:
        record: the study.
        numbers: trials that get a chart, if they were trained to two lengths or more.
    """
    trials = [trial for trial in record.trials if trial.number in set(numbers)]
    curves = {trial.number: _curves(trial) for trial in trials}
    steps = [float(one.step) for own in curves.values() for curve in own for one in curve]
    values = [one.quality or 0.0 for own in curves.values() for curve in own for one in curve]
    x = Axis.over(steps, "optimiser steps", may_be_log=True, whole=True)
    beyond = far_out(values, record.front.leading.direction)
    title = f"{label(record.insight.score)} ({record.insight.unit})"
    everything = Axis.over(values, title)
    usual = Axis.over([value for value, is_out in zip(values, beyond, strict=True) if not is_out], title)
    return {
        number: Chart(
            title="Its curve",
            description="; ".join(
                f"seed {curve[0].seed}: " + ", ".join(f"{one.quality:.3f} at {one.step} steps" for one in curve)
                for curve in own
            ),
            x=x,
            y=usual
            if all(usual.low <= (one.quality or 0.0) <= usual.high for curve in own for one in curve)
            else everything,
            lines=tuple(Line(points=tuple((float(one.step), one.quality or 0.0) for one in curve)) for curve in own),
            marks=tuple(Mark(x=float(one.step), y=one.quality or 0.0, kind="small") for curve in own for one in curve),
        )
        for number, own in curves.items()
        if any(len(curve) > 1 for curve in own)
    }


def _curves(trial: Trial) -> list[list[Measurement]]:
    """The qualities of every seed on the first task, by steps."""
    first = trial.measurements[0].task if trial.measurements else ""
    own = [one for one in trial.measurements if one.quality is not None and one.task == first]
    own.sort(key=lambda one: (one.seed, one.step))
    return [list(same) for _, same in groupby(own, key=lambda one: one.seed)]


def fidelity_chart(record: StudyRecord) -> Chart | None:
    """Short runs against long ones, with one standard deviation each; None if nothing was trained longer."""
    report, objective = record.front.fidelity, record.front.leading
    own = report.objectives.get(objective.name) if report else None
    if report is None or own is None or not own.patterns:
        return None
    noise, measured = (
        record.front.noise.get(f"{name}_standard_deviation") or 0.0
        for name in (objective.name, objective.name.removesuffix(PROJECTED))
    )
    long = measured / report.num_seeds**0.5
    marks = []
    ranked = sorted(own.patterns, key=lambda run: objective.sign * run.short)
    for run in ranked:
        entry = record.entries.get(run.trial)
        short = (deviation(entry, objective.name) if entry else None) or noise
        kind = "other" if run.forecast else "baseline" if entry and entry.baseline else "front"
        marks.append(Mark(x=run.short, y=run.long, text=str(run.trial), kind=kind, x_spread=short, y_spread=long))
    near = _near(marks, objective.direction, [entry.worth(objective.name) for entry in record.entries.values()])
    shorts = [mark.x + sign * mark.x_spread for mark in near for sign in (-1, 1)]
    longs = [mark.y + sign * mark.y_spread for mark in near for sign in (-1, 1)]
    x = Axis.over(shorts, f"{label(objective.name)} as the search ranks it ({objective.unit})")
    y = Axis.over(longs, f"after {report.num_steps:,} steps ({objective.unit})")
    shown = [_within(mark, x, y) for mark in marks]
    return Chart(
        title="Short runs against long ones",
        description="; ".join(f"trial {run.trial}: {run.short:.3f} short, {run.long:.3f} long" for run in ranked),
        x=x,
        y=y,
        lines=(Line(points=tuple((mark.x, mark.y) for mark in shown), kind="faint"),),
        marks=tuple(shown),
        note=_edge_note(marks, near),
    )


def _near(marks: Sequence[Mark], direction: Direction, others: Sequence[float] = ()) -> list[Mark]:
    """The marks that are not far worse than the others in either value: those would squeeze these into a corner.

    Args:
        marks: of a chart.
        direction: of both axes.
        others: more values of the horizontal axis, by which few marks can be judged.
    """
    across = far_out([*(mark.x for mark in marks), *others], direction)[: len(marks)]
    beyond = across | far_out([mark.y for mark in marks], direction)
    return [mark for mark, is_out in zip(marks, beyond, strict=True) if not is_out]


def _within(mark: Mark, x: Axis, y: Axis) -> Mark:
    """A mark, or if it lies outside the axes one at their edge without whiskers."""
    across, up = min(max(mark.x, x.low), x.high), min(max(mark.y, y.low), y.high)
    return mark if (across, up) == (mark.x, mark.y) else replace(mark, x=across, y=up, x_spread=0.0, y_spread=0.0)


def _edge_note(marks: Sequence[Mark], near: Sequence[Mark]) -> str:
    """The values of marks that stand at the edge; empty if none does."""
    beyond = [f"{mark.text} ({mark.x:.3g}, {mark.y:.3g})".lstrip() for mark in marks if mark not in near]
    return f"At the edge, as they are far worse: {', '.join(beyond)}." if beyond else ""


def prediction_chart(record: StudyRecord) -> Chart | None:
    """What the model expected of trials that were hidden from it against what they measured; None without any."""
    found, unit = record.insight.predictions, record.insight.unit
    if not found:
        return None
    marks = [Mark(x=one.predicted, y=one.measured, text=str(one.trial)) for one in found]
    near = _near(marks, record.front.leading.direction)
    values = [value for mark in near for value in (mark.x, mark.y)]
    x = Axis.over(values, f"predicted without training it ({unit})")
    y = Axis.over(values, f"measured ({unit})")
    return Chart(
        title="How well the model predicts",
        description="; ".join(
            f"trial {one.trial}: {one.predicted:.3f} predicted, {one.measured:.3f} measured" for one in found
        ),
        x=x,
        y=y,
        lines=(Line(points=((x.low, x.low), (x.high, x.high)), kind="guide"),),
        marks=tuple(_within(mark if len(marks) <= MOST_NAMED else replace(mark, text=""), x, y) for mark in marks),
        note=_edge_note(marks, near),
    )


def survey_chart(record: StudyRecord) -> Chart | None:
    """What a survey predicted that patterns lose against what they lost; None without a survey."""
    found = predicted_losses(record.front.scores[0], record.trials) if record.front.scores else ()
    if not (said := agreement_in_words(found)):
        return None
    unit = record.front.scores[0].unit
    x = Axis.over([one.predicted for one in found], f"lost beyond full attention, as the survey predicts ({unit})")
    y = Axis.over([one.measured for one in found], f"as measured ({unit})")
    return Chart(
        title=f"What the survey predicts: {said}",
        description="; ".join(
            f"trial {one.trial}: {one.predicted:.3f} predicted, {one.measured:.3f} measured" for one in found
        ),
        x=x,
        y=y,
        lines=(Line(points=((x.low, x.low), (x.high, x.high)), kind="guide"),),
        marks=tuple(
            Mark(x=one.predicted, y=one.measured, text=str(one.trial) if len(found) <= MOST_NAMED else "")
            for one in found
        ),
    )
