"""The front of a study: which trials are on it, and the result that is made of them."""

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from nas.costs.parameters import target_parameters
from nas.evaluation.settings import ScratchSettings
from nas.results.fidelity import FidelityReport, Reordering
from nas.results.front import (
    CONTENDING,
    Baseline,
    Contender,
    ExtraTask,
    Front,
    FrontPoint,
    StudyProvenance,
)
from nas.results.objective import cost_values
from nas.results.trial import Trial, TrialState
from nas.search.estimates import Estimates, estimates
from nas.search.front.cost_agreement import cost_agreement
from nas.search.front.hypervolume import hypervolume_by_trial, hypervolume_reference, minimised
from nas.search.front.points import entry_fields
from nas.search.problem.problem import Problem
from nas.search.scoring.noise import repeated_scores, score_noise
from nas.search.settings import StudySettings
from nas.statistics.pareto import nondominated
from nas.tasks.language.text import TextSettings
from nas.tasks.language.tokens import TokensSettings


def front_trials(trials: Sequence[Trial], problem: Problem, known: Estimates) -> list[Trial]:
    """The trials that are non-dominated by their estimates, each pattern once, best quality first.

    Only trials that ended well and are within the budgets take part, baselines among them.

    Args:
        trials: all of them.
        problem: what was searched.
        known: estimates of their qualities.
    """
    candidates = [trial for trial in trials if trial.state is TrialState.FINISHED]
    points = [minimised(trial, known, problem) for trial in candidates]
    kept = sorted(nondominated(points), key=lambda index: (points[index], candidates[index].number))
    return [candidates[index] for index in kept]


def make_front(
    settings: StudySettings,
    problem: Problem,
    trials: Sequence[Trial],
    chances: Mapping[int, float],
    reordering: tuple[Reordering, ...],
    fidelity: FidelityReport | None,
) -> Front:
    """The result of a study.

    Args:
        settings: of the study.
        problem: what they stand for.
        trials: all of them.
        chances: probabilities of being on the front, by trial.
        reordering: how far more training moves patterns against one another.
        fidelity: how far the ranking can be trusted; None if that was switched off.
    """
    known = estimates(trials, problem)
    chosen = front_trials(trials, problem, known)
    objectives = tuple(goal.objective for goal in problem.objectives)
    published = [trial for trial in trials if trial.baseline and trial.state is TrialState.FINISHED]
    places, baselines = ([minimised(trial, known, problem) for trial in some] for some in (chosen, published))
    reference = hypervolume_reference(places, baselines, objectives)
    full = full_costs(problem, trials)
    on_front = {trial.number for trial in chosen}
    noise = {score.name: score_noise(trials, problem.scores, score.name) for score in problem.scores}
    return Front(
        study=Path(settings.study).name,
        versions=_versions(),
        corpus_hash=problem.task.corpus_fingerprint,
        objectives=objectives,
        scores=problem.scores,
        points=tuple(FrontPoint(**entry_fields(trial, problem, full, known, chances)) for trial in chosen),
        baselines=tuple(
            Baseline(
                **entry_fields(trial, problem, full, known, chances),
                on_front=trial.number in on_front,
                state=trial.state,
            )
            for trial in trials
            if trial.baseline is not None
        ),
        contenders=tuple(
            Contender(
                trial=number,
                front_probability=chances[number],
                forecast=trials[number].state is TrialState.STOPPED,
            )
            for number in sorted(chances, key=lambda number: (-chances[number], number))
            if number not in on_front and chances[number] >= CONTENDING
        ),
        noise={f"{name}_standard_deviation": deviation for name, deviation in noise.items()}
        | {"num_patterns": len(repeated_scores(trials, problem.scores, problem.scores[0].name))},
        reordering=reordering,
        fidelity=fidelity,
        trials={state: sum(trial.state is state for trial in trials) for state in TrialState},
        hypervolume_reference=reference,
        hypervolume_by_trial=tuple(hypervolume_by_trial(trials, known, problem, reference)),
        provenance=_provenance(settings, problem, trials),
        cost_agreement=cost_agreement(trials),
    )


def full_costs(problem: Problem, trials: Sequence[Trial]) -> dict[str, float]:
    """What full attention costs, by name of the objective; measured ones where its baseline was measured."""
    profile = next((trial.profile for trial in trials if trial.baseline == "full"), None)
    return cost_values(problem.full_cost, profile)


def _provenance(settings: StudySettings, problem: Problem, trials: Sequence[Trial]) -> StudyProvenance:
    return StudyProvenance(
        seed=settings.seed,
        sampler=settings.sampler,
        task=problem.task.name,
        task_fingerprint=problem.task.fingerprint,
        num_tokens=problem.task.num_tokens,
        pattern_tokens=problem.shape.num_tokens,
        carry=settings.carry if problem.backbone.transfer else None,
        rungs=settings.evaluation.rungs(settings.training),
        target=problem.target.name,
        evaluation=settings.evaluation.provenance(),
        checkpoint_fingerprint=problem.backbone.fingerprint,
        task_quality=settings.task_quality,
        extra_tasks={
            label: ExtraTask(
                task_fingerprint=task.fingerprint,
                corpus_hash=task.corpus_fingerprint,
                num_tokens=task.num_tokens,
            )
            for label, task in list(problem.tasks.items())[1:]
        },
        machine=platform.machine(),
        environments=tuple(
            sorted({one.environment for trial in trials for one in trial.measurements if one.environment})
        ),
        tokens_per_parameter=_tokens_per_parameter(settings, problem),
    )


def _tokens_per_parameter(settings: StudySettings, problem: Problem) -> float | None:
    """By the last rung, without what a pattern adds; None unless a proxy learns text."""
    of_text = isinstance(settings.task, TextSettings | TokensSettings)
    if not of_text or not isinstance(settings.evaluation, ScratchSettings):
        return None
    num_tokens = settings.training.num_steps * settings.training.batch_size * problem.task.num_tokens
    return num_tokens / target_parameters(problem.backbone.target)


def _versions() -> dict[str, str]:
    packages = {"nas": "nas-attention", "torch": "torch", "optuna": "optuna", "lightning": "lightning"}
    return {"python": platform.python_version()} | {key: version(name) for key, name in packages.items()}
