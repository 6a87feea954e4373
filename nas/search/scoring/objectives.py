"""The objectives of a study, and the value of each for every trial."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from nas.errors import InputError
from nas.results.objective import COSTS, LONGER_QUALITY, PROFILED, Objective, Score, TaskQuality
from nas.statistics.ranks import Direction, rank_shares

WORST_RANK = 1.0


@dataclass(frozen=True, slots=True)
class Goal:
    """One axis of the front, with the scores that it is computed from.

    Args:
        name: as in settings, files and tables.
        unit: of its values.
        direction: minimize or maximize.
        scores: none for a cost, which needs no training; with several, the mean of their ranks is the value.
    """

    name: str
    unit: str
    direction: Direction
    scores: tuple[Score, ...] = ()

    @property
    def objective(self) -> Objective:
        """The goal as results name it."""
        return Objective(name=self.name, unit=self.unit, direction=self.direction)


def make_objectives(
    names: Sequence[str], scores: Sequence[Score], task_quality: TaskQuality = "separate"
) -> tuple[Goal, ...]:
    """The objectives of a study, in the order of `names`.

    Args:
        names: accepted by `check_objectives`.
        scores: what training measures, of all tasks at their own lengths first; where one is projected too, the
            projection is the quality.
        task_quality: what a name of a quality stands for with several tasks.

    Raises:
        InputError: a length that a task cannot have.
    """
    return tuple(objective for name in names for objective in _named(name, scores, task_quality))


def values_by_trial(
    objectives: Sequence[Goal], scores: Mapping[int, Mapping[str, float]], costs: Mapping[int, Mapping[str, float]]
) -> dict[int, dict[str, float]]:
    """The value of every objective, by trial and name.

    A score that a pattern cannot have counts as chance.

    Args:
        objectives: the study's.
        scores: what was measured, by trial and score name; ranks are taken among these trials.
        costs: at least of the same trials, by trial and name of the objective.
    """
    columns = {objective.name: _column(objective, scores, costs) for objective in objectives}
    return {trial: {name: column[trial] for name, column in columns.items()} for trial in scores}


def worst_values(objectives: Sequence[Goal], costs: Mapping[str, float]) -> dict[str, float]:
    """The values of a pattern of these costs (by objective) that cannot be trained: chance, or the last rank."""
    return {
        objective.name: _worst(objective) if objective.scores else costs[objective.name] for objective in objectives
    }


def _named(name: str, scores: Sequence[Score], task_quality: TaskQuality) -> Iterator[Goal]:
    if name in COSTS or name in PROFILED:
        yield Goal(name, COSTS[name][1] if name in COSTS else PROFILED[name], "minimize")
        return
    match = LONGER_QUALITY.fullmatch(name)
    times = int(match[1]) if match else 1
    ahead = {score.task for score in scores if score.projected_to} if times == 1 else set()
    measured = tuple(
        score
        for score in scores
        if score.times == times and not score.part and (score.projected_to is not None or score.task not in ahead)
    )
    short = [score.task for score in scores if score.task not in {other.task for other in measured}]
    for label in short[:1]:
        allowed = f"must name lengths that every task can have; {label} has no sequences {times} times as long"
        raise InputError("objectives", allowed, name, "Drop it, or the task.")
    if len(measured) > 1 and task_quality == "mean_rank":
        yield Goal(name, "mean rank", "minimize", measured)
    else:
        yield from (Goal(score.name, score.unit, score.direction, (score,)) for score in measured)


def _column(
    objective: Goal, scores: Mapping[int, Mapping[str, float]], costs: Mapping[int, Mapping[str, float]]
) -> dict[int, float]:
    if not objective.scores:
        return {trial: costs[trial][objective.name] for trial in scores}
    measured = [[own.get(score.name, score.chance) for own in scores.values()] for score in objective.scores]
    if len(objective.scores) > 1:
        directions = [score.direction for score in objective.scores]
        ranks = [rank_shares(column, direction) for column, direction in zip(measured, directions, strict=True)]
        measured = [[fmean(shares) for shares in zip(*ranks, strict=True)]]
    return dict(zip(scores, measured[0], strict=True))


def _worst(objective: Goal) -> float:
    return WORST_RANK if len(objective.scores) > 1 else objective.scores[0].chance
