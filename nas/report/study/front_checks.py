"""Health checks of what came out: the front, its ranking, and whether longer training would change it."""

from itertools import pairwise
from statistics import fmean

from nas.report.fidelity import reordered
from nas.report.quantities import format_count
from nas.report.study.comparison import beaten
from nas.report.study.edges import crowded_edges
from nas.report.study.health_check import HealthCheck, Verdict, agreement_in_words, verdict_of
from nas.report.study.record import StudyRecord

MOST_EDGES = 4
"""Edges of the space that are named, the most crowded."""


def baselines_check(record: StudyRecord) -> HealthCheck:
    """Whether every baseline is dominated by a sampled pattern, by estimates."""
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


def confirmed_check(record: StudyRecord) -> HealthCheck:
    """Whether long runs confirm the ranking."""
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
    verdict = verdict_of(own.agreement)
    figure = f"Over {own.agreement.num_patterns} patterns, {agreement_in_words(own.agreement)}."
    if verdict is Verdict.GOOD:
        return HealthCheck(question=question, verdict=verdict, figure=figure)
    elsewhere = (_twice_as_long(record),)
    return HealthCheck(question=question, verdict=verdict, figure=figure, remedy=remedy, elsewhere=elsewhere)


def converged_check(record: StudyRecord) -> HealthCheck:
    """How far a doubling of the steps would move the points."""
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


def edges_check(record: StudyRecord) -> HealthCheck:
    """Whether half of the sampled points have a parameter at one end of what the space offers."""
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


def _twice_as_long(record: StudyRecord) -> str:
    return f"training.num_steps={2 * record.front.provenance.rungs[-1]}"
