"""Health checks of how a search went: early stopping, its model, its end, and failures."""

from collections.abc import Iterator

from nas.report.quantities import format_count
from nas.report.study.health_check import HealthCheck, Verdict, agreement_in_words, verdict_of
from nas.report.study.record import StudyRecord
from nas.results.trial import TrialState

AGREES, DISAGREES = 0.5, 0.2
"""Kendall's tau of two rungs from which on early stopping is good, and below which it is bad."""
LEAST_COMPARED = 6
"""With fewer trials at both rungs than this, nothing is said of their agreement."""
UNTRAINED_LOOK = 0.95
"""Share of the front's hypervolume that patterns chosen without training may have before it is worth a look."""
STILL_RISING, RISING_FAST = 0.01, 0.05
"""Shares of the hypervolume that the last quarter of the sampled trials may add before it is worth a look, or bad."""
MANY_FAILED, MANY_IDLE = 0.2, 0.5
"""Shares of the trials that may fail before it is bad, and be trained for nothing new before it is worth a look."""
BROKEN = (TrialState.FAILED, TrialState.DIVERGED, TrialState.OUT_OF_MEMORY)
IDLE = (TrialState.DUPLICATE, TrialState.OVER_BUDGET, TrialState.IMPOSSIBLE)


def saturated_check(record: StudyRecord) -> HealthCheck:
    """How much the last quarter of the sampled trials added to the hypervolume."""
    question = "Had the search stopped finding better fronts?"
    sampled = {trial.number for trial in record.trials if trial.baseline is None}
    volumes = [volume for number, volume in record.front.hypervolume_by_trial if number in sampled]
    if len(volumes) < 4 or not record.front.points:
        return HealthCheck(
            question=question, verdict=Verdict.UNKNOWN, figure="There are fewer than four sampled trials."
        )
    added = 1 - volumes[len(volumes) * 3 // 4 - 1]
    figure = f"The last quarter of the sampled trials added {added:.1%} of the hypervolume."
    if added <= STILL_RISING:
        return HealthCheck(question=question, verdict=Verdict.GOOD, figure=figure)
    more = f"num_trials={2 * len(volumes)}"
    remedy = f"Search on: add {more} to the command that made the study, which resumes it."
    verdict = Verdict.LOOK if added <= RISING_FAST else Verdict.BAD
    return HealthCheck(question=question, verdict=verdict, figure=figure, remedy=remedy, add=(more,))


def worth_training_check(record: StudyRecord) -> HealthCheck:
    """How good a choice without training would have been."""
    question = "Was it worth training anything?"
    share = record.front.fidelity.untrained_share if record.front.fidelity else None
    if share is None:
        figure = (
            "What a choice without training would have had was not computed (fidelity is off, or has too few runs)."
        )
        return HealthCheck(question=question, verdict=Verdict.UNKNOWN, figure=figure)
    figure = (
        f"Baselines, and as many sampled patterns as the front has, spread by cost without regard to quality, have "
        f"{share:.0%} of the front's hypervolume."
    )
    if share < UNTRAINED_LOOK:
        return HealthCheck(question=question, verdict=Verdict.GOOD, figure=figure)
    remedy = (
        "The space may be too small, or the runs too short, to tell patterns apart: widen one or lengthen the other."
    )
    verdict = Verdict.LOOK if share < 1 else Verdict.BAD
    return HealthCheck(question=question, verdict=verdict, figure=figure, remedy=remedy)


def early_stopping_check(record: StudyRecord) -> HealthCheck:
    """How well the rungs agree with the last one, and whether a stopped trial may belong on the front."""
    question = "Does early stopping agree with the last rung?"
    front, quality = record.front, record.front.leading
    if len(front.provenance.rungs) < 2:
        return HealthCheck(
            question=question, verdict=Verdict.GOOD, figure="There is one rung: nothing is stopped early."
        )
    rungs = front.fidelity.rungs if front.fidelity else ()
    known = [(one, tau) for one in rungs if (tau := one.tau.get(quality.name)) is not None]
    stopped = [one for one in front.contenders if one.forecast]
    may_belong = f" {format_count(len(stopped), 'stopped trial')} may belong on the front." if stopped else ""
    known = [(one, tau) for one, tau in known if one.num_trials >= LEAST_COMPARED]
    if not known:
        figure = f"Fewer than {LEAST_COMPARED} trials can be compared between a rung and the last one.{may_belong}"
        return HealthCheck(question=question, verdict=Verdict.UNKNOWN, figure=figure)
    parts = [f"{one.num_steps} steps: tau {tau:.2f} over {one.num_trials} trials" for one, tau in known]
    figure = f"{'; '.join(parts)} (promoted trials only, which are alike; over all it is higher).{may_belong}"
    worst = min(tau for _, tau in known)
    remedy = "Search again with fewer rungs (training.num_rungs=1 stops nothing) or with longer ones."
    if worst < DISAGREES:
        return HealthCheck(question=question, verdict=Verdict.BAD, figure=figure, remedy=remedy)
    if worst < AGREES or stopped:
        return HealthCheck(question=question, verdict=Verdict.LOOK, figure=figure, remedy=remedy)
    return HealthCheck(question=question, verdict=Verdict.GOOD, figure=figure)


def model_check(record: StudyRecord) -> HealthCheck:
    """How well the study's model predicts trials that are hidden from it."""
    question = "Does the sampler's model predict better than chance?"
    accuracy = record.insight.accuracy
    sampler = record.front.provenance.sampler
    whose = "" if sampler == "ehvi" else f" The sampler was {sampler}, which has a model of its own or none."
    if accuracy is None:
        figure = f"Too few trials reached the last rung to hide some from it.{whose}"
        return HealthCheck(question=question, verdict=Verdict.UNKNOWN, figure=figure)
    figure = f"Of {accuracy.num_patterns} trials, each hidden from it in turn, {agreement_in_words(accuracy)}.{whose}"
    verdict = verdict_of(accuracy)
    remedy = "Give it more trials (num_trials=...), and trust what it says of parameters less the lower tau is."
    return HealthCheck(
        question=question, verdict=verdict, figure=figure, remedy="" if verdict is Verdict.GOOD else remedy
    )


def failures_check(record: StudyRecord) -> HealthCheck:
    """How many trials failed, and how many were not worth training."""
    question = "Were there failures?"
    total = len(record.trials)
    broken, idle = (sum(trial.state in states for trial in record.trials) for states in (BROKEN, IDLE))
    named = ", ".join(_counted(record, (*BROKEN, *IDLE)))
    figure = f"Of {format_count(total, 'trial')}: {named}." if named else f"None of {format_count(total, 'trial')}."
    if not total:
        return HealthCheck(question=question, verdict=Verdict.UNKNOWN, figure="The folder has no trials.")
    if broken:
        first = next(trial for trial in record.trials if trial.state in BROKEN)
        remedy = (
            f"trials/{first.number:05d} in the study folder says why (trial.json, failure.txt); the command that made "
            "the study tries failed trials again."
        )
        verdict = Verdict.BAD if broken >= MANY_FAILED * total else Verdict.LOOK
        return HealthCheck(question=question, verdict=verdict, figure=figure, remedy=remedy)
    if idle >= MANY_IDLE * total:
        remedy = "Most proposals were not worth training: loosen the constraints, or widen the space."
        return HealthCheck(question=question, verdict=Verdict.LOOK, figure=figure, remedy=remedy)
    return HealthCheck(question=question, verdict=Verdict.GOOD, figure=figure)


def _counted(record: StudyRecord, states: tuple[TrialState, ...]) -> Iterator[str]:
    for state in states:
        if number := sum(trial.state is state for trial in record.trials):
            yield f"{number} {state.value.replace('_', ' ')}"
