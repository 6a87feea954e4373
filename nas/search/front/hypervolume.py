"""The hypervolume of a study after each of its trials, with a reference that tells good fronts from bad ones.

The reference lies just beyond what others have published, so that it hardly differs between searches of one space, and
what is worse than all baselines adds nothing. The chance level tells hardly any fronts apart: two bad patterns of the
shipped table had 0.993 of the hypervolume of its true front. Nor does the worst of a front, which is on it only because
nothing is cheaper: below that, one pattern of the narrowest windows had 0.90 of a default search's.
"""

from collections.abc import Mapping, Sequence

from nas.results.objective import Objective
from nas.results.trial import Trial, TrialState
from nas.search.estimates import Estimates, means
from nas.search.problem.problem import Problem
from nas.statistics.pareto import Point, growing_hypervolume, reference_beyond


def minimised(trial: Trial, known: Estimates, problem: Problem) -> Point:
    """What a trial that finished is compared by: estimates of qualities, and costs; negated where more is better."""
    values: Mapping[str, float] = trial.costs | means({trial.number: known[trial.number]})[trial.number]
    return tuple(goal.objective.sign * values[goal.name] for goal in problem.objectives)


def hypervolume_reference(
    front: Sequence[Point], baselines: Sequence[Point], objectives: Sequence[Objective]
) -> dict[str, float]:
    """A little beyond the worst values of the baselines, or of the front if there are none, by objective.

    Args:
        front: its points, to be minimised.
        baselines: the same of those that ended well within the budgets.
        objectives: the axes, in their order; the reference is in their units.

    Returns:
        empty if there are neither.
    """
    return {
        one.name: one.sign * value for one, value in zip(objectives, reference_beyond(front, baselines), strict=False)
    }


def hypervolume_by_trial(
    trials: Sequence[Trial], known: Estimates, problem: Problem, reference: Mapping[str, float]
) -> list[tuple[int, float]]:
    """The hypervolume of the front of the trials up to each one, as a share of that of all.

    Every trial counts with what is known of it in the end.

    Args:
        trials: all of them.
        known: estimates of their qualities.
        problem: what was searched.
        reference: by objective.

    Returns:
        (trial number, 0 to 1) pairs; 0 throughout if no trial finished.
    """
    bound = tuple(goal.objective.sign * reference[goal.name] for goal in problem.objectives if reference)
    points = [minimised(trial, known, problem) if trial.state is TrialState.FINISHED else None for trial in trials]
    return [(trial.number, share) for trial, share in zip(trials, growing_hypervolume(points, bound), strict=True)]
