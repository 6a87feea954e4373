"""Fidelity: a few lines on how far the ranking of a study can be trusted."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from nas.report.objective_labels import best_first, label
from nas.report.quantities import format_quantity
from nas.results.fidelity import Agreement, FidelityReport, ObjectiveFidelity, Reordering
from nas.results.front import Contender, Front
from nas.results.measurement import precision_in

TRAINED = 20
"""Tokens a parameter from which on a model counts as trained (Hoffmann et al. 2022, table 3: about 20)."""

_USUAL = "two such sizes agreed at 0.39 to 0.75 (docs/transfer.md)"
"""Tau of the small size after 960 steps with the larger one after 1,125 and 2,250, over nine and 25 patterns, plain."""

_MOST_NAMED = 6
"""Contenders that are named; front.json has all."""

_OFF = "Fidelity: off. This ranking was not checked against longer training."

_FROZEN = (
    "Scored with the checkpoint's own weights: nothing was trained, so there is no rung to trust and no noise of seeds."
)


def fidelity_lines(front: Front) -> list[str]:
    """How far a ranking can be trusted: what was checked, and for a study with one measured objective four lines more.

    A last line names trials that were measured in different environments.
    """
    if front.provenance.is_frozen:
        return [_FROZEN, *_mixture(front)]
    lines = [_OFF]
    if (report := front.fidelity) is not None:
        agreements = [_agreement(name, own) for name, own in report.objectives.items()]
        lines = [_scope(report), *agreements, _choice(report, front), *_one_size_up(report, front)]
    return [*lines, *_stage(front), *_reordering(front), *_contenders(front), *_mixture(front)]


def fidelity_in_brief(front: Front) -> list[str]:
    """The same for a table that is read first: what was checked with which result, the stage, and other candidates."""
    if front.provenance.is_frozen:
        return [_FROZEN, *_mixture(front)]
    lines = [_OFF]
    if (report := front.fidelity) is not None:
        agreements = [_agreement_in_brief(name, own, report) for name, own in report.objectives.items()]
        lines = [" ".join([*agreements, _unchecked(report)]), *_one_size_up(report, front)]
    return [*lines, *_stage_in_brief(front), *_contenders(front), *_mixture(front)]


def _agreement_in_brief(name: str, own: ObjectiveFidelity, report: FidelityReport) -> str:
    if own.agreement is None:
        return _agreement(name, own)
    doubt = "" if own.agreement.better_than_chance else "THIS RANKING MAY BE CHANCE: "
    how = f"training {own.agreement.num_patterns} patterns {report.times} times as long"
    return f"{_capital(name)}: {doubt}{how} agrees with their order at {_tau(own.agreement)}."


def _stage_in_brief(front: Front) -> list[str]:
    seen = front.provenance.tokens_per_parameter
    if seen is None or seen >= TRAINED:
        return []
    horizon = _horizon(front, seen)
    how = (
        f"models in use have seen {TRAINED} or more, where wide patterns rank higher"
        if horizon is None
        else f"ranked by a projection to {horizon:.2g}, where full attention still comes out too low"
    )
    train = "before you choose, train longer (training.num_steps)."
    return [f"Trained on {seen:.2g} tokens a parameter, {how} (docs/transfer.md): {train}"]


def _horizon(front: Front, seen: float) -> float | None:
    """Tokens a parameter to which qualities are projected; None if they are not."""
    steps = next((score.projected_to for score in front.scores if score.projected_to), None)
    return None if steps is None else seen * steps / front.provenance.rungs[-1]


def _stage(front: Front) -> list[str]:
    """How far training had come, where that alone may turn the ranking round."""
    seen = front.provenance.tokens_per_parameter
    if seen is None or seen >= TRAINED:
        return []
    horizon = _horizon(front, seen)
    if horizon is None:
        return [
            f"Trained on {seen:.2g} tokens a parameter; models in use have seen {TRAINED} or more, where wide patterns "
            "rank higher than here (docs/transfer.md). Before you choose, train longer: training.num_steps."
        ]
    steps = front.provenance.rungs[-1]
    return [
        f"Trained on {seen:.2g} tokens a parameter ({steps:,} steps) and ranked by a projection to "
        f"{horizon:.2g} ({round(horizon / seen * steps):,} steps) from the last two rungs: what still falls fast moves "
        "up, full attention not far enough (docs/transfer.md). Before you choose, train longer: training.num_steps."
    ]


def _scope(report: FidelityReport) -> str:
    num_patterns = max((len(own.patterns) for own in report.objectives.values()), default=0)
    seeds = "one seed" if report.num_seeds == 1 else f"{report.num_seeds} seeds"
    return (
        f"Checked by training {num_patterns} patterns {report.times} times as long: same model, {seeds}, "
        f"{report.share_of_steps:.0%} of all steps. {_unchecked(report)}"
    )


def _unchecked(report: FidelityReport) -> str:
    if report.larger:
        return "Other data were not checked."
    return "Other sizes and data were not checked: docs/transfer.md has what is known of them."


def _agreement(name: str, own: ObjectiveFidelity) -> str:
    if own.agreement is None:
        return f"{_capital(name)}: how far this ranking can be trusted is unknown; too few long runs ended well."
    doubt = "" if own.agreement.better_than_chance else "THIS RANKING MAY BE CHANCE: "
    ceiling = "" if own.noise_ceiling is None else f"; two seeds would agree at {own.noise_ceiling:.2f}"
    parts = [f"all {own.agreement.num_patterns} at {_shown(own.agreement)}{ceiling}"]
    if own.contenders is None:
        parts.append("too few that may be on the front to tell how they rank")
    elif own.contenders.num_patterns < own.agreement.num_patterns:
        parts.append(f"the {own.contenders.num_patterns} that may be on the front at {_shown(own.contenders)}")
    return f"{_capital(name)}: {doubt}the long runs confirm the order of {'; of '.join(parts)}."


def _shown(agreement: Agreement) -> str:
    return f"{_tau(agreement).removesuffix(')')}, above 0.5 with {agreement.above_half:.0%})"


def _tau(agreement: Agreement) -> str:
    return f"tau {agreement.mean:.2f} (90% {agreement.low:.2f} to {agreement.high:.2f})"


def _choice(report: FidelityReport, front: Front) -> str:
    losses = [
        format_quantity(own.regret_of_best, front.objective(name).unit)
        for name, own in report.objectives.items()
        if own.regret_of_best is not None
    ]
    parts = [f"by the long runs the best choice loses {' and '.join(losses)}"] if losses else []
    if report.regret_of_front is not None:
        parts.append(f"the choice of a front {report.regret_of_front:.0%} of the hypervolume")
    if report.untrained_share is not None:
        untrained = "without training, baselines and patterns spread by cost have"
        parts.append(f"{untrained} {report.untrained_share:.0%} of the front's")
    return _capital_first("; ".join(parts)) + "." if parts else "What a choice loses is unknown."


def _one_size_up(report: FidelityReport, front: Front) -> Iterator[str]:
    """How the ranking holds in the larger model, a line for each measured objective."""
    if (larger := report.larger) is None:
        return
    model = (
        f"One size up ({larger.num_tokens:,} tokens, {larger.num_layers} layers, {larger.num_steps:,} steps, one seed)"
    )
    for name, own in larger.objectives.items():
        if own.agreement is None or own.regret_of_best is None:
            yield f"{model}, {label(name)}: unknown; too few runs ended well."
            continue
        doubt = "" if own.agreement.better_than_chance else "THIS RANKING MAY NOT HOLD THERE: "
        loss = format_quantity(own.regret_of_best, front.objective(name).unit)
        yield (
            f"{model}, {label(name)}: {doubt}the order of {own.agreement.num_patterns} agrees at "
            f"{_shown(own.agreement)}, and the best choice here loses {loss} there; {_USUAL}."
        )


def _reordering(front: Front) -> Iterator[str]:
    """What the next doubling of the training would do to points that come next to each other."""
    newest = {one.objective: one for one in front.reordering if one.per_doubling is not None}
    for name, one in newest.items():
        objective = front.objective(name)
        points = best_first(front.points, objective)
        gaps = [(abs(a.worth(name) - b.worth(name)), a.trial, b.trial) for a, b in pairwise(points)]
        if gaps:
            gap, first, second = min(gaps)
            yield (
                f"{_capital(name)}: {reordered(front, one, [size for size, *_ in gaps])}; {first} and {second} differ "
                f"by {gap:.2g}."
            )


def reordered(front: Front, one: Reordering, gaps: Sequence[float]) -> str:
    """What a doubling of the steps does to distances, in words, without a full stop.

    Args:
        front: of the study.
        one: its reordering, with known noise.
        gaps: distances between neighbours on the front, in the objective's unit.
    """
    assert one.per_doubling is not None
    ahead = any(score.name == one.objective and score.projected_to for score in front.scores)
    beyond = "beyond what is projected, " if ahead else ""
    change = f"{beyond}a doubling of the steps changes the distance of two patterns"
    if not one.per_doubling:
        return f"{change} by no more than noise explains"
    within = sum(one.per_doubling > gap for gap in gaps)
    return (
        f"{change} by {one.per_doubling:.2g} {front.objective(one.objective).unit} (one deviation), more than {within} "
        f"of {len(gaps)} distances between neighbours on the front"
    )


def _contenders(front: Front) -> list[str]:
    if not front.contenders:
        return []
    return [f"Not on the front, but may belong there: {', '.join(map(_contender, front.contenders[:_MOST_NAMED]))}."]


def _contender(one: Contender) -> str:
    return f"{one.trial} ({one.front_probability:.0%}{', a forecast' if one.forecast else ''})"


def _mixture(front: Front) -> list[str]:
    """What differs between the environments of a study that was resumed elsewhere."""
    parts = [environment.split(", ") for environment in front.provenance.environments]
    if len(parts) < 2:
        return []
    shared = set.intersection(*map(set, parts))
    differing = " | ".join(", ".join(part for part in own if part not in shared) or "without them" for own in parts)
    where = f"Trials were measured in {len(parts)} environments ({differing})"
    if len({precision_in(environment) for environment in front.provenance.environments}) > 1:
        return [f"{where}. THEIR PRECISIONS DIFFER, which alone may change the ranking: measure them in one."]
    return [f"{where}, which alone may change the last digits of a score: do not rank points by them."]


def _capital(name: str) -> str:
    return _capital_first(label(name))


def _capital_first(text: str) -> str:
    return text[:1].upper() + text[1:]
