"""The list of studies, for terminals and pipes: two or three lines each, none wider than asked for."""

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Any

from rich.console import Console
from rich.text import Text

from nas.report.progress.lines import time_left
from nas.report.quantities import format_count
from nas.report.sparkline import sparkline
from nas.report.studies.overview import StudyOverview, StudyState
from nas.report.studies.standing import Standing
from nas.report.style import ACCENT

_SPARKLINE = 8
_INDENT = "  "
_KEY = (
    "Bars: how the hypervolume of the front grew. 0.5x = half of what full attention takes. knee = best compromise. "
    "More: nas show STUDY, nas report STUDY, nas compare A B."
)


def list_lines(studies: Sequence[StudyOverview], width: int) -> list[Text]:
    """Every study: its state and progress, then its best points with their labels; at the end, how to read it.

    Args:
        studies: in the order in which they are shown.
        width: most columns.
    """
    names = min(32, max((len(one.name) for one in studies), default=0))
    lines = [line for one in studies for line in _study(one, names, width)]
    return [*lines, *(Text(line, "dim") for line in wrap(_KEY, width))] if studies else []


def list_document(studies: Sequence[StudyOverview]) -> list[dict[str, Any]]:
    """The same for programs: plain data, ready for JSON."""
    return [
        {
            "study": one.name,
            "state": one.state.value,
            "problem": one.problem or None,
            "stage": one.stage or None,
            "trials_done": one.num_done,
            "trials_expected": one.num_expected,
            "seconds_left": one.seconds_left,
            "points": [
                {"trial": point.trial, "baseline": point.baseline or None, "label": point.label}
                | {"values": dict(point.values), "ratio_to_full": dict(point.ratios)}
                for point in one.points
            ],
        }
        for one in studies
    ]


def _study(one: StudyOverview, names: int, width: int) -> Iterator[Text]:
    head = Text.assemble((f"{one.name:<{names}}", "bold"), f"  {one.stage or one.state.value}")
    if one.volumes:
        head.append("  ").append(sparkline(one.volumes, _SPARKLINE), ACCENT)
    if one.state is not StudyState.UNREADABLE:
        facts = ", ".join(filter(None, (_progress(one), _points(one), time_left(one.seconds_left))))
        head.append("  ").append(facts, "dim")
    yield from head.wrap(Console(width=width), width)
    yield from (Text(f"{_INDENT}{line}") for line in wrap(one.problem, width - len(_INDENT)))
    for role, standing in _best(one):
        yield from _standing(one, role, standing, width)


def _progress(one: StudyOverview) -> str:
    return f"{one.num_done}/{one.num_expected} trials" if one.num_expected else format_count(one.num_done, "trial")


def _points(one: StudyOverview) -> str:
    return format_count(len(one.points), "point") if one.points else ""


def _best(one: StudyOverview) -> Iterator[tuple[str, Standing]]:
    if one.points:
        yield "best", one.points[0]
    if one.compromise is not None and one.compromise.trial != one.points[0].trial:
        yield "knee", one.compromise


def _standing(one: StudyOverview, role: str, standing: Standing, width: int) -> Iterator[Text]:
    numbers = ", ".join(standing.in_words(objective) for objective in one.objectives)
    yield from (Text(_INDENT + line) for line in wrap(f"{role}: trial {standing.trial}, {numbers}", width - 2))
    label = wrap(standing.named_label, width - 2 * len(_INDENT), break_on_hyphens=False)
    yield from (Text(2 * _INDENT + line, ACCENT) for line in label[:2])
