"""A study within budgets as a table: what was measured, and what is predicted until a trial confirms it."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from nas.patterns.label import label_lines, label_note
from nas.patterns.model import ModelPattern
from nas.report.objective_labels import label
from nas.report.quantities import format_count, format_ratio
from nas.results.objective import Objective
from nas.results.within import Within

GAP, _INDENT = "  ", "      "
_RATIO_NOTE = (
    "0.5x = half of what full attention takes. ± = standard deviation of what the model expects of a measurement."
)


def within_lines(found: Within, width: int) -> list[str]:
    """The answer, best quality first, with every pattern below its numbers.

    Args:
        found: the answer.
        width: width of the terminal, in columns, at which patterns wrap.
    """
    budgets = ", ".join(f"{name}={limit:g}" for name, limit in found.constraints.items())
    lines = [f"{' '.join(found.study.split())} within {budgets}", "", "Measured:"]
    heading = [
        f"{label(goal.name)} ({goal.unit})" if not goal.is_cost else label(goal.name) for goal in found.objectives
    ]
    measured = [
        [
            str(one.trial),
            *_cells(found.objectives, {name: f"{value:.3f}" for name, value in one.values.items()}, one.shares),
        ]
        for one in found.measured
    ]
    names = [[one.baseline] if one.baseline else [] for one in found.measured]
    lines += _table(["trial", *heading], measured, names, [one.pattern for one in found.measured], width)
    lines += [
        "",
        f"Predicted by the study's model of {format_count(found.num_trials, 'trial')}, until a trial confirms it:",
    ]
    predicted = [
        [
            "-",
            *_cells(
                found.objectives,
                {name: f"{one.mean:.3f} ± {one.standard_deviation:.3f}" for name, one in each.expected.items()},
                each.shares,
            ),
        ]
        for each in found.predicted
    ]
    values = [[" ".join(f"{name}={value}" for name, value in one.params.items())] for one in found.predicted]
    lines += _table(["trial", *heading], predicted, values, [one.pattern for one in found.predicted], width)
    patterns = [*(one.pattern for one in found.measured), *(one.pattern for one in found.predicted)]
    notes = [_RATIO_NOTE, *([label_note(patterns)] if patterns else [])]
    told = [part for note in notes for part in wrap(note, width, break_on_hyphens=False)]
    return [*lines, *(wrap(found.why_none_predicted, width) if found.why_none_predicted else []), "", *told]


def _cells(objectives: Sequence[Objective], values: Mapping[str, str], shares: Mapping[str, float]) -> list[str]:
    return [format_ratio(shares[goal.name]) if goal.is_cost else values[goal.name] for goal in objectives]


def _table(
    heading: list[str], rows: list[list[str]], notes: list[list[str]], patterns: list[ModelPattern], width: int
) -> Iterator[str]:
    """Numbers below their headings, and below each row its notes and its pattern; a dash where there is no row."""
    if not rows:
        yield "-"
        return
    widths = [max(map(len, column)) for column in zip(heading, *rows, strict=True)]
    yield GAP.join(map(str.rjust, heading, widths))
    for row, own, pattern in zip(rows, notes, patterns, strict=True):
        yield GAP.join(map(str.rjust, row, widths))
        yield from (_INDENT + line for line in [*own, *label_lines(pattern, max(20, width - len(_INDENT)))])
