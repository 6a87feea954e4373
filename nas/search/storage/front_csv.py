"""front.csv: the points of a front as a table for spreadsheets."""

import csv
import io

from nas.patterns.label import label
from nas.results.front import Front, FrontPoint


def front_csv(front: Front) -> str:
    """A row per point, best quality first."""
    names = [objective.name for objective in front.objectives]
    further = [score.name for score in front.further_scores]
    scores = [score.name for score in front.scores]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    spreads = [f"{name}_spread" for name in scores]
    writer.writerow(["trial", "baseline", "pattern_id", "label", *names, *further, *spreads, "num_seeds"])
    writer.writerows(_row(point, names, further, scores) for point in front.points)
    return text.getvalue()


def _row(point: FrontPoint, names: list[str], further: list[str], scores: list[str]) -> list[object]:
    return [
        point.trial,
        point.baseline or "",
        point.pattern_id,
        label(point.pattern),
        *(point.values[name] for name in names),
        *(point.scores.get(name) for name in further),
        *(point.spread.get(name) for name in scores),
        len(point.seeds),
    ]
