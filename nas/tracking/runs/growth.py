"""The front as it grew: its hypervolume, its size and the best of each objective after every trial."""

from collections.abc import Mapping, Sequence

from nas.report.studies.standing import counts, minimised, volumes_so_far
from nas.results.objective import Objective
from nas.results.trial import Trial
from nas.statistics.pareto import Point, nondominated
from nas.tracking.runs.run import Row


def growth(
    trials: Sequence[Trial], objectives: Sequence[Objective], volumes: Mapping[int, float] | None = None
) -> tuple[tuple[int, Row], ...]:
    """A row for each trial by its number; trials below the last rung add nothing, as their values do not compare.

    Args:
        trials: by number.
        objectives: the axes.
        volumes: hypervolume after each trial, as the front of an ended study has it; None for that of the trials at the
            last rung, as measured, as a share of that of all of them.
    """
    rows: dict[int, Row] = {}
    if volumes is None:
        ended = [trial.number for trial in trials if counts(trial, objectives)]
        volumes = dict(zip(ended, volumes_so_far(trials, objectives), strict=True))
    front: list[Point] = []
    best: Row = {}
    for trial in trials:
        row: Row = {}
        if trial.number in volumes:
            row["hypervolume"] = volumes[trial.number]
        if counts(trial, objectives):
            front.append(minimised(trial, objectives))
            front = [front[index] for index in nondominated(front)]
            for place, one in enumerate(objectives):
                best[f"best/{one.name}"] = one.sign * min(point[place] for point in front)
            row |= {"front_size": len(front), **best}
        if row:
            rows[trial.number] = row
    return tuple(rows.items())
