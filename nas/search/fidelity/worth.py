"""What a front is worth, in hypervolume: judged by the long runs, and against a choice that needs no training."""

from collections.abc import Iterable, Mapping, Sequence

from nas.results.trial import Trial, TrialState
from nas.search.fidelity.long_runs import Ranking
from nas.search.problem.problem import Problem
from nas.search.scheduler.forecast import signed
from nas.search.scoring.objectives import values_by_trial
from nas.search.scoring.scores import mean_scores, scores_by_seed
from nas.search.trial_store import TrialStore
from nas.statistics.pareto import Point, competing, hypervolume, nondominated


def regret_of_front(store: TrialStore, problem: Problem, ranking: Ranking, long: Ranking) -> float | None:
    """What is lost by choosing the front among the long runs by the search's values, which the long runs judge.

    Args:
        store: all trials.
        problem: what was searched.
        ranking: of the search.
        long: of the long runs.

    Returns:
        0 to 1, a share of the hypervolume of their true front, with the worst of each objective among those as
        reference that the search ranks no lower than every baseline; None if that is 0.
    """
    baselines = [one for one in store.trials if one.baseline and one.number in ranking]
    ours = [_point(problem, ranking[number]) for number in long]
    theirs = [_point(problem, values) for values in long.values()]
    if not theirs:
        return None
    within = competing(ours, [_point(problem, ranking[one.number]) for one in baselines], _measured(problem))
    reference = _worst([theirs[index] for index in within])
    whole = hypervolume(theirs, reference)
    chosen = [theirs[index] for index in nondominated(ours)]
    return 1 - hypervolume(chosen, reference) / whole if whole else None


def untrained_share(
    store: TrialStore, problem: Problem, ranking: Ranking, front: Sequence[Trial], search_seed: int
) -> float | None:
    """The worth of a choice that needs no training, as a share of the front's.

    It has the baselines, and as many sampled patterns as the front, spread evenly by attention FLOPs. Their one score
    selected none of them, so it is unbiased. The points of the front were selected by their first score and are judged
    by their fresh seeds alone, where they have any. What was measured judges, not estimates. The sampled patterns are
    those of the search, which gets better at proposing them, so the share is too large rather than too small.

    Args:
        store: all trials.
        problem: what was searched.
        ranking: of the search.
        front: its points.
        search_seed: the seed that selected them.

    Returns:
        0 or more, with the worst of each objective among those of both that compete with the baselines as reference;
        None if the front's hypervolume is 0, or an objective is a mean of ranks, which differ with the trials that they
        are taken among.
    """
    if any(len(goal.scores) > 1 for goal in problem.objectives):
        return None
    trained = [
        trial
        for trial in store.trials
        if trial.number in ranking and trial.state in (TrialState.FINISHED, TrialState.STOPPED)
    ]
    sampled = sorted((one for one in trained if one.baseline is None), key=_density)
    num_chosen = sum(one.baseline is None for one in front)
    chosen = [*(one for one in trained if one.baseline), *evenly(sampled, num_chosen)]
    fresh = _by_fresh_seeds(store, problem, front, search_seed)
    measured = {one.number: one.values for one in trained if one.state is TrialState.FINISHED}
    judged = {**ranking, **measured, **fresh}
    points = {one.number: _point(problem, judged[one.number]) for one in [*chosen, *front]}
    if not points:
        return None
    baselines = [points[one.number] for one in chosen if one.baseline]
    compared = list(points.values())
    reference = _worst([compared[index] for index in competing(compared, baselines, _measured(problem))])
    worth = hypervolume([points[one.number] for one in front], reference)
    return hypervolume([points[one.number] for one in chosen], reference) / worth if worth else None


def _by_fresh_seeds(store: TrialStore, problem: Problem, front: Iterable[Trial], search_seed: int) -> Ranking:
    """Goal values of the points of the front without the seed that selected them, where they have others."""
    scores: dict[int, Mapping[str, float]] = {}
    for trial in front:
        by_seed = scores_by_seed(trial.measurements, problem.scores, trial.step)
        fresh = {seed: own for seed, own in by_seed.items() if seed != search_seed}
        if fresh:
            scores[trial.number] = mean_scores(fresh)
    return values_by_trial(problem.objectives, scores, {number: store[number].costs for number in scores})


def evenly(ordered: Sequence[Trial], num: int) -> list[Trial]:
    """So many of the trials, evenly spaced: the middles of parts of equal size."""
    num = min(num, len(ordered))
    return [ordered[(2 * part + 1) * len(ordered) // (2 * num)] for part in range(num)]


def _density(trial: Trial) -> tuple[int, int]:
    assert trial.cost is not None
    return trial.cost.attention_flops, trial.number


def _worst(points: Sequence[Point]) -> Point:
    return tuple(map(max, zip(*points, strict=True)))


def _measured(problem: Problem) -> list[bool]:
    """Which objectives say what a pattern is worth."""
    return [bool(goal.scores) for goal in problem.objectives]


def _point(problem: Problem, values: Mapping[str, float]) -> Point:
    return tuple(signed(values[goal.name], goal) for goal in problem.objectives)
