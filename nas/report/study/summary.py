"""The summary of an ended study in words: what was searched, what won, by how much, how sure, and what to do next."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

from nas.report.fidelity import TRAINED
from nas.report.objective_labels import label
from nas.report.quantities import format_count, format_probability, format_seconds
from nas.report.study.commands import Command, entry_commands, search_again, search_on, study_commands
from nas.report.study.health_check import HealthCheck, Verdict
from nas.report.study.history import all_seconds, training_seconds
from nas.report.study.record import StudyRecord
from nas.report.study.verdict import against_baselines, best_compromise, headline, searched
from nas.results.fidelity import Agreement, ObjectiveFidelity
from nas.results.front import FrontPoint, InCheckpoint
from nas.results.objective import PROJECTED

SHIPPED_SPACES = "search_spaces."
"""Where spaces are that a command names by their module alone: space=hybrid."""
WELL = 0.9
"""Probability that tau is above a half from which on long runs confirm an order well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A point of the front that one may want.

    Args:
        roles: why, in words: best compromise, best quality, lowest attention FLOPs.
        point: the point.
    """

    roles: tuple[str, ...]
    point: FrontPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The summary.

    Args:
        headline: the result in one sentence.
        searched: what was searched, in one sentence.
        how: how it was done, in sentences.
        against: the best choice against baselines, a sentence each.
        trust: how far the ranking can be trusted, in sentences.
        choices: the choices, best compromise first; empty if the front is.
        first: what to see to before that, from the checks that found a problem.
        next_steps: what to do next.
    """

    headline: str
    searched: str
    how: str
    against: tuple[str, ...]
    trust: str
    choices: tuple[Choice, ...]
    first: tuple[str, ...]
    next_steps: tuple[Command, ...]


def summarised(record: StudyRecord, checks: tuple[HealthCheck, ...]) -> Summary:
    """The summary of a study.

    Args:
        record: the study.
        checks: its health checks.
    """
    choices = tuple(_choices(record))
    best = best_compromise(record.front)
    return Summary(
        headline=headline(record.front),
        searched=searched(record.front),
        how=" ".join(_how(record)),
        against=tuple(against_baselines(record.front, best)) if best else (),
        trust=" ".join(_trust(record, best, checks)),
        choices=choices,
        first=tuple(check.remedy for check in checks if check.verdict is Verdict.BAD and check.remedy),
        next_steps=(
            *search_on(record, [setting for check in checks for setting in check.add]),
            *search_again(record, [setting for check in checks for setting in check.elsewhere]),
            *(entry_commands(record, best) if best else ()),
            *study_commands(record),
        ),
    )


def _choices(record: StudyRecord) -> Iterator[Choice]:
    """The knee, and the best point of every objective; one that is several has several roles."""
    front = record.front
    roles: dict[int, tuple[FrontPoint, list[str]]] = {}
    if not front.points:
        return
    found = {"best compromise": front.nearest_to_ideal(front.objectives)}
    for objective in front.objectives:
        best = "lowest" if objective.is_cost else "best"
        found[f"{best} {label(objective.name)}"] = front.nearest_to_ideal([objective])
    for role, point in found.items():
        roles.setdefault(point.trial, (point, []))[1].append(role)
    for point, own in roles.values():
        yield Choice(roles=tuple(own), point=point)


def _how(record: StudyRecord) -> Iterator[str]:
    provenance = record.front.provenance
    space = record.settings.get("space")
    attribute = str(space.get("attribute") or "") if isinstance(space, dict) else ""
    if attribute:
        module, _, _ = attribute.partition(":")
        name = module.removeprefix(SHIPPED_SPACES) if module.startswith(SHIPPED_SPACES) else attribute
        yield f"Patterns are of the space {name} (docs/spaces.md)."
    if isinstance(provenance.evaluation, InCheckpoint):
        how = "scored with its own weights" if provenance.is_frozen else "with adapters trained"
        yield f"Each was plugged into the decoder, {how}."
    else:
        stopped = sum(trial.state.value == "stopped" for trial in record.trials)
        early = f"; {format_count(stopped, 'trial')} stopped earlier" if stopped else ""
        yield f"Each was trained up to {provenance.rungs[-1]:,} steps{early}."
    if record.front.leading.name.endswith(PROJECTED):
        yield (
            "Projected quality is the loss that longer training would give, by how fast each run was still learning."
        )
    if provenance.carry is not None:
        yield "Costs and labels are those of the target; the small model saw the same picture at its own length."
    searched = sum(training_seconds(trial, provenance.rungs[-1]) for trial in record.trials)
    further = sum(all_seconds(trial) for trial in record.trials) - searched
    runs = "All scoring" if provenance.is_frozen else "The search's own training runs"
    checks = f", those that check it {format_seconds(further)} more" if further else ""
    yield f"{runs} took {format_seconds(searched)}{checks}, if those that ran side by side are counted in full."


def _trust(record: StudyRecord, best: FrontPoint | None, checks: tuple[HealthCheck, ...]) -> Iterator[str]:
    front = record.front
    own = front.fidelity.objectives.get(front.leading.name) if front.fidelity else None
    if front.provenance.is_frozen:
        yield "Scores have no noise of training, as nothing was trained."
        yield from _questions(front.provenance.evaluation)
    elif front.fidelity is None or own is None or own.agreement is None:
        yield "How longer training would rank these patterns was not checked."
    else:
        yield _confirmation(own, front.fidelity.times)
    seen = front.provenance.tokens_per_parameter
    if seen is not None and seen < TRAINED:
        yield (
            f"The small models saw {seen:.2g} tokens a parameter; in models in use, which have seen {TRAINED} or more, "
            "wide patterns rank higher than here."
        )
    if best is not None and best.front_probability is not None:
        probability = format_probability(best.front_probability)
        yield f"Trial {best.trial} is on the front with a probability of {probability}, given the noise."
    if front.contenders:
        chance = fmean(one.front_probability for one in front.contenders)
        count = format_count(len(front.contenders), "more trial")
        yield f"{count} may belong there ({chance:.0%} on average)."
    bad = sum(check.verdict is Verdict.BAD for check in checks)
    look = sum(check.verdict is Verdict.LOOK for check in checks)
    if bad or look:
        parts = [f"{bad} found a problem"] * bool(bad) + [f"{look} {'are' if look > 1 else 'is'} worth a look"] * bool(
            look
        )
        yield f"Of {len(checks)} health checks, {' and '.join(parts)}."
    larger = front.fidelity.larger if front.fidelity else None
    ranked = larger.objectives.get(front.leading.name) if larger else None
    there = ranked.agreement if ranked else None
    if there is not None:
        yield _one_size_up(there)
    yield f"Other {'data' if there else 'model sizes and other data'} were not checked: treat this as a shortlist."


def _questions(evaluation: object) -> Iterator[str]:
    """How far the draw of needles decides: at most as for answers that are right or wrong as a whole."""
    if isinstance(evaluation, InCheckpoint) and (asked := len(evaluation.needle_depths) * evaluation.needle_sequences):
        count, most = format_count(asked, "question"), 0.5 / asked**0.5
        yield (
            f"Needles are {count}, the same for every pattern: others would move a share by up to {most:.2f} (one "
            "deviation)."
        )


def _confirmation(own: ObjectiveFidelity, times: int) -> str:
    assert own.agreement is not None
    how = "confirm the order well" if own.agreement.above_half >= WELL else "confirm the order in part"
    if not own.agreement.better_than_chance:
        how = "do not confirm it, so it may be chance"
    return f"Runs {times} times as long {how}: {_in_words(own.agreement)}."


def _one_size_up(agreement: Agreement) -> str:
    how = "agrees well" if agreement.above_half >= WELL else "agrees in part"
    if not agreement.better_than_chance:
        how = "agrees no better than chance might, so the order may not hold there"
    return f"A model one size up {how}: {_in_words(agreement)}."


def _in_words(agreement: Agreement) -> str:
    return (
        f"of {agreement.num_patterns} patterns at a tau of {agreement.mean:.2f} (90% {agreement.low:.2f} to "
        f"{agreement.high:.2f}; 1 is the same order, 0 is chance)"
    )
