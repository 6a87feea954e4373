"""The contents of the table of a front: its rows, their numbers with headings, and notes on what they mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from nas.patterns.label import label as pattern_label
from nas.patterns.label import label_lines, label_note
from nas.patterns.model import ModelPattern
from nas.report.objective_labels import best_first, label
from nas.report.quantities import format_quantity, format_ratio
from nas.report.study.survey_accuracy import agreement_in_words, predicted_losses
from nas.results.front import Baseline, Front, FrontEntry
from nas.results.objective import PROJECTED, Objective, Score

GAP = "  "
_ON_FRONT = "on front"
_ESTIMATE_NOTE = "± = what the runs of all patterns say of a quality, and how surely"
_MEASURED_NOTE = "measured = its own runs alone"
_PROJECTED_NOTE = "projected = as longer training would have it, by the last two rungs"
_LAST_RUNG_NOTE = "quality = as measured at the last one"
_ON_FRONT_NOTE = f"{_ON_FRONT} = probability of being on the front, given the noise of qualities; costs are exact."
_PARTS_NOTE = "worst part = the worst of a task's parts, and which it is."
_WIDE_NOTE = "More with --wide: what was measured, costs in units, other lengths, all of what was checked."
_RATIO_NOTE = "0.5x = half of what full attention takes."
_EMPTY_NOTE = "No trial finished and kept the constraints."
_MEASURED = "measured"
_PREDICTED = "predicted over full"


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of the front: its trial, its numbers, and its pattern with the baseline's name."""

    trial: str
    numbers: tuple[str, ...]
    name: str
    pattern: ModelPattern

    def label(self) -> str:
        """Name and label on one line."""
        return GAP.join(part for part in (self.name, pattern_label(self.pattern)) if part)

    def folded(self, width: int) -> list[str]:
        """Name and label on one line, or each wrapped to the width."""
        whole = self.label()
        lines = [whole] if len(whole) <= width else [self.name, *label_lines(self.pattern, width)]
        return [part for line in lines for part in wrap(line, width, break_on_hyphens=False)]


class Contents:
    """What the table of a front says.

    Args:
        front: the front of a study.
        wide: every column and every unit. Else what decides: objectives as estimates, costs as shares of full
            attention, and of what is measured besides at the training length one column a task, for its worst part.
    """

    def __init__(self, front: Front, *, wide: bool) -> None:
        self._front, self._wide = front, wide
        self._further = _further(front, wide=wide)
        self._losses = (
            predicted_losses(front.scores[0], (*front.points, *front.baselines)) if wide and front.scores else ()
        )

    def headings(self) -> list[tuple[str, ...]]:
        """Headings of the numbers: names, with the unit if cells have none."""
        front, names, units = self._front, list[tuple[str, ...]](), set[str]()
        for objective in front.objectives:
            names.append(_heading(objective, with_unit=_is_plain(objective)))
            units.add(objective.unit)
            names += [(_MEASURED,)] if self._wide and _is_uncertain(front, objective) else []
        names += [(_ON_FRONT,)] if front.has_probabilities else []
        if self._losses:
            names.append((_PREDICTED, f"({front.scores[0].unit})"))
        for scores in self._further:
            one = scores[0]
            with_unit = one.times == 1 and (self._wide or one.unit not in units)
            names.append(_heading(one, with_unit=with_unit) if len(scores) == 1 else (f"{_task(one)}, worst part",))
            units.add(one.unit)
        return names

    def points(self) -> list[Row]:
        """The points of the front, best quality first."""
        return [self._row(point) for point in best_first(self._front.points, self._front.leading)]

    def baselines(self) -> list[Row]:
        """The baselines that are not on it: best quality first, then those that did not finish."""
        others = self._front.other_baselines
        ranked = best_first(others, self._front.leading)
        return [*map(self._row, ranked), *(self._unfinished(one) for one in others if not one.values)]

    def _row(self, entry: FrontEntry) -> Row:
        front = self._front
        cells = [cell for objective in front.objectives for cell in self._cells(entry, objective)]
        if front.has_probabilities:
            cells.append("-" if entry.front_probability is None else f"{entry.front_probability:.0%}")
        if self._losses:
            cells.append("-" if entry.predicted is None else f"{entry.predicted.text:+.3f}")
        cells += [_score_cell(entry, scores) for scores in self._further]
        return Row(str(entry.trial), tuple(cells), entry.baseline or "", entry.pattern)

    def _cells(self, entry: FrontEntry, objective: Objective) -> list[str]:
        """What the entry is worth in an objective; if wide, a cost in its unit, and beside an estimate the measured."""
        value = entry.values[objective.name]
        if not _is_plain(objective):
            ratio, shown = entry.ratio(objective.name), format_quantity(value, objective.unit)
            if ratio is None:
                return [shown]
            return [f"{shown} {format_ratio(ratio):>5}" if self._wide else format_ratio(ratio)]
        if not _is_uncertain(self._front, objective):
            return [f"{entry.worth(objective.name):.3f}"]
        estimate, measured = entry.estimates.get(objective.name), f"{value:.3f}"
        deviation = f" ± {estimate.standard_deviation or 0:.3f}" if estimate else ""
        shown = f"{estimate.mean:.3f}{deviation}" if estimate else measured
        return [shown, measured] if self._wide else [shown]

    def _unfinished(self, entry: Baseline) -> Row:
        name = f"{entry.baseline} ({entry.state.value.replace('_', ' ')})"
        return Row(str(entry.trial), ("-",) * len(self.headings()), name, entry.pattern)

    def notes(self) -> list[str]:
        """The meaning of the columns and short forms in the table."""
        front = self._front
        notes = [] if front.points else [_EMPTY_NOTE]
        if any(_is_uncertain(front, objective) for objective in front.objectives):
            notes.append(f"{_ESTIMATE_NOTE}; {_MEASURED_NOTE}." if self._wide else f"{_ESTIMATE_NOTE}.")
        if any(score.projected_to for score in front.scores):
            notes.append(f"{_PROJECTED_NOTE}; {_LAST_RUNG_NOTE}." if self._wide else f"{_PROJECTED_NOTE}.")
        if front.has_probabilities:
            notes.append(_ON_FRONT_NOTE)
        if self._losses:
            notes.append(f"{_PREDICTED} = the sum of what narrow masks cost one by one in the survey.")
        if said := agreement_in_words(self._losses):
            notes[-1] += f" Its order against what was measured: {said} of this table."
        if any(len(scores) > 1 for scores in self._further):
            notes.append(_PARTS_NOTE)
        if front.points or front.other_baselines:
            notes += [_RATIO_NOTE, label_note(entry.pattern for entry in (*front.points, *front.other_baselines))]
            notes += [] if self._wide else [_WIDE_NOTE]
        return notes


def _further(front: Front, *, wide: bool) -> list[tuple[Score, ...]]:
    """Scores that are not objectives, by column: if wide each alone; else those of the training length by task.

    What an objective is a projection of is left out then.
    """
    if wide:
        return [(score,) for score in front.further_scores]
    projected = {objective.name.removesuffix(PROJECTED) for objective in front.objectives}
    columns: dict[tuple[str, ...], list[Score]] = {}
    for score in front.further_scores:
        if score.times > 1 or score.name in projected:
            continue
        columns.setdefault((score.task,) if score.part else ("", score.name), []).append(score)
    return [tuple(scores) for scores in columns.values()]


def _score_cell(entry: FrontEntry, scores: Sequence[Score]) -> str:
    """A score, or the worst of several with its part: `0.250 at depth 90`."""
    known = [(entry.scores[score.name], score) for score in scores if score.name in entry.scores]
    if not known:
        return "-"
    if len(scores) == 1:
        return f"{known[0][0]:.3f}"
    worst, score = max(known, key=lambda one: one[0] if one[1].direction == "minimize" else -one[0])
    return f"{worst:.3f} at {score.part.replace('_', ' ')}"


def _task(score: Score) -> str:
    """What a task is called in the heading of its other scores."""
    return label(score.name.removesuffix(f"_{score.part}"))


def _heading(measured: Objective | Score, *, with_unit: bool) -> tuple[str, ...]:
    """A score at a longer length has the same unit as at the training length, and does not repeat it."""
    return (label(measured.name), f"({measured.unit})") if with_unit else (label(measured.name),)


def _is_uncertain(front: Front, objective: Objective) -> bool:
    """Whether the noise of an objective is known, so that its estimates are not what was measured."""
    own = [entry.estimates.get(objective.name) for entry in (*front.points, *front.baselines)]
    return any(estimate is not None and estimate.standard_deviation for estimate in own)


def _is_plain(objective: Objective) -> bool:
    """Whether the unit is in the heading; costs have theirs in each cell, with a prefix."""
    return objective.unit not in ("FLOP", "bytes", "parameters", "ms")
