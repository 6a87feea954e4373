"""Health checks of an ended study: each a question, a verdict, the figure behind it, and what to do about it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import fmean

from nas.report.fidelity import reordered
from nas.report.quantities import format_count
from nas.report.study.comparison import beaten
from nas.report.study.edges import crowded_edges
from nas.report.study.record import StudyRecord
from nas.results.fidelity import Agreement
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
MOST_EDGES = 4
"""Edges of the space that are named, the most crowded."""
BROKEN = (TrialState.FAILED, TrialState.DIVERGED, TrialState.OUT_OF_MEMORY)
IDLE = (TrialState.DUPLICATE, TrialState.OVER_BUDGET, TrialState.IMPOSSIBLE)


class Verdict(StrEnum):
    """How a check ended, as a word that a report shows."""

    GOOD = "good"
    LOOK = "look"
    BAD = "bad"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """One check.

    Args:
        question: what was asked.
        verdict: the answer.
        figure: the figures behind it, as sentences.
        remedy: what to do about it, as sentences; empty where nothing needs to be done.
        add: settings that do it if they are added to the command that made the study, which then resumes it.
        elsewhere: settings that do it in another study.
    """

    question: str
    verdict: Verdict
    figure: str
    remedy: str = ""
    add: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()


def health_checks(record: StudyRecord) -> tuple[HealthCheck, ...]:
    """Every check, in the order in which a reader needs them."""
    return tuple(check(record) for check in CHECKS)


def _baselines(record: StudyRecord) -> HealthCheck:
    question = "Did sampled patterns beat every baseline?"
    sampled = [point for point in record.points if point.baseline is None]
    if not record.baselines:
        return HealthCheck(question=question, verdict=Verdict.UNKNOWN, figure="No baseline finished.")
    left = [
        one for one in record.baselines if not any(beaten(point, one, record.front.objectives) for point in sampled)
    ]
    num_beaten = len(record.baselines) - len(left)
    figure = f"{num_beaten} of {format_count(len(record.baselines), 'baseline')} are no better than a sampled pattern "
    figure += "in any objective, by their estimates."
    if not left:
        return HealthCheck(question=question, verdict=Verdict.GOOD, figure=figure)
    names = ", ".join(f"{one.baseline} (trial {one.trial})" for one in left)
    remedy = (
        f"{names} may serve you as well as what was found: compare them in the front, and consider a longer search."
    )
    verdict = Verdict.LOOK if num_beaten else Verdict.BAD
    return HealthCheck(question=question, verdict=verdict, figure=f"{figure} Not beaten: {names}.", remedy=remedy)


def _edges(record: StudyRecord) -> HealthCheck:
    question = "Does the front touch an edge of the space?"
    on_front = {point.trial for point in record.points if point.baseline is None}
    trials = [trial for trial in record.trials if trial.number in on_front and trial.number in record.suggestions]
    if len(trials) < 2:
        figure = "Fewer than two sampled patterns are on the front."
        return HealthCheck(question=question, verdict=Verdict.UNKNOWN, figure=figure)
    edges = crowded_edges(trials, record.suggestions)
    if not edges:
        figure = f"No parameter is at one end of what the space offers in half of the {len(trials)} sampled points."
        return HealthCheck(question=question, verdict=Verdict.GOOD, figure=figure)
    parts = [
        f"{one.parameter} is {one.value}, the {one.end}, in {len(one.trials)} of {one.num_points}"
        for one in edges[:MOST_EDGES]
    ]
    parts += [f"and {len(edges) - MOST_EDGES} more"] if len(edges) > MOST_EDGES else []
    remedy = (
        "Where a parameter can go further, offer more of it (space.options.NAME=[...]) in another study. An end that "
        "means none or all, such as every head, has nothing beyond it."
    )
    figure = f"Of the sampled points: {'; '.join(parts)}."
    return HealthCheck(question=question, verdict=Verdict.LOOK, figure=figure, remedy=remedy)


def _converged(record: StudyRecord) -> HealthCheck:
    question = "Had the points converged?"
    front = record.front
    if front.provenance.is_frozen:
        figure = "Nothing was trained: the checkpoint's own weights were scored."
        return HealthCheck(question=question, verdict=Verdict.GOOD, figure=figure)
    quality = front.leading
    newest = next((one for one in reversed(front.reordering) if one.objective == quality.name), None)
    worths = sorted(point.worth(quality.name) for point in record.points)
    gains = [gain for point in record.points if (gain := point.gain_of_last_rung.get(quality.name)) is not None]
    gained = f"The last rung still gained {fmean(gains):.3g} {quality.unit} on average. " if gains else ""
    if newest is None or newest.per_doubling is None or len(worths) < 2:
        figure = f"{gained}How far more training reorders the front is unknown."
        remedy = "Add confirm_seeds=1 and fidelity.num_patterns=6 to the command that made the study."
        add = ("confirm_seeds=1", "fidelity.num_patterns=6")
        return HealthCheck(question=question, verdict=Verdict.UNKNOWN, figure=figure, remedy=remedy, add=add)
    gaps, spread = [after - before for before, after in pairwise(worths)], worths[-1] - worths[0]
    within = sum(gap < newest.per_doubling for gap in gaps)
    moved = reordered(front, newest, gaps)
    figure = f"{gained}{moved[:1].upper()}{moved[1:]}; from best to worst the front spans {spread:.2g}."
    if not within and fmean(gains or [0.0]) <= spread:
        return HealthCheck(question=question, verdict=Verdict.GOOD, figure=figure)
    longer = _twice_as_long(record)
    remedy = f"Longer training may swap points: choose among them in another study with {longer}."
    verdict = Verdict.BAD if newest.per_doubling > spread else Verdict.LOOK
    return HealthCheck(question=question, verdict=verdict, figure=figure, remedy=remedy, elsewhere=(longer,))


def _twice_as_long(record: StudyRecord) -> str:
    return f"training.num_steps={2 * record.front.provenance.rungs[-1]}"


def _confirmed(record: StudyRecord) -> HealthCheck:
    question = "Do longer runs confirm the ranking?"
    own = record.front.fidelity.objectives.get(record.front.leading.name) if record.front.fidelity else None
    if own is None or own.agreement is None:
        figure = "The ranking was not checked against longer training."
        remedy = "Add fidelity.num_patterns=6 to the command that made the study; it trains what is missing."
        add: tuple[str, ...] = ("fidelity.num_patterns=6",)
        if record.front.provenance.is_frozen:
            figure, remedy, add = "Nothing is trained, so there are no longer runs.", "", ()
        return HealthCheck(question=question, verdict=Verdict.UNKNOWN, figure=figure, remedy=remedy, add=add)
    remedy = (
        "Choose by longer training runs: another study with more training.num_steps, on the patterns of this front."
    )
    verdict = _verdict(own.agreement)
    figure = f"Over {own.agreement.num_patterns} patterns, {_shown(own.agreement)}."
    if verdict is Verdict.GOOD:
        return HealthCheck(question=question, verdict=verdict, figure=figure)
    elsewhere = (_twice_as_long(record),)
    return HealthCheck(question=question, verdict=verdict, figure=figure, remedy=remedy, elsewhere=elsewhere)


def _early_stopping(record: StudyRecord) -> HealthCheck:
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


def _model(record: StudyRecord) -> HealthCheck:
    question = "Does the sampler's model predict better than chance?"
    accuracy = record.insight.accuracy
    sampler = record.front.provenance.sampler
    whose = "" if sampler == "ehvi" else f" The sampler was {sampler}, which has a model of its own or none."
    if accuracy is None:
        figure = f"Too few trials reached the last rung to hide some from it.{whose}"
        return HealthCheck(question=question, verdict=Verdict.UNKNOWN, figure=figure)
    figure = f"Of {accuracy.num_patterns} trials, each hidden from it in turn, {_shown(accuracy)}.{whose}"
    verdict = _verdict(accuracy)
    remedy = "Give it more trials (num_trials=...), and trust what it says of parameters less the lower tau is."
    return HealthCheck(
        question=question, verdict=verdict, figure=figure, remedy="" if verdict is Verdict.GOOD else remedy
    )


def _worth_training(record: StudyRecord) -> HealthCheck:
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


def _saturated(record: StudyRecord) -> HealthCheck:
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


def _failures(record: StudyRecord) -> HealthCheck:
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


def _verdict(agreement: Agreement) -> Verdict:
    """Good if tau is above chance for sure and above a half more likely than not; bad if it may be chance."""
    if not agreement.better_than_chance:
        return Verdict.BAD
    return Verdict.GOOD if agreement.above_half >= 0.5 else Verdict.LOOK


def _shown(agreement: Agreement) -> str:
    chance = "" if agreement.better_than_chance else ", which may be chance"
    return f"the two orders agree at tau {agreement.mean:.2f} (90% {agreement.low:.2f} to {agreement.high:.2f}){chance}"


CHECKS: tuple[Callable[[StudyRecord], HealthCheck], ...] = (
    _baselines,
    _confirmed,
    _converged,
    _saturated,
    _worth_training,
    _edges,
    _early_stopping,
    _model,
    _failures,
)
"""Every check of a report."""
