"""Fidelity: a few lines on how far the ranking of a study can be trusted."""

from nas.report.objective_labels import label
from nas.report.quantities import format_quantity
from nas.results.fidelity import FidelityReport, ObjectiveFidelity
from nas.results.front import Front
from nas.results.measurement import precision_in

_OFF = "Fidelity: off. This ranking was not checked against longer training."

_FROZEN = (
    "Scored with the checkpoint's own weights: nothing was trained, so there is no rung to trust and no noise of seeds."
)


def fidelity_lines(front: Front) -> list[str]:
    """One or two lines per measured objective, and one more for each reason to doubt the comparison.

    These are points of the front that had not converged, and trials that were measured in different environments.
    """
    if front.provenance.is_frozen:
        return [_FROZEN, *_mixture(front)]
    if front.fidelity is None:
        return [_OFF, *_convergence(front), *_mixture(front)]
    measured = front.fidelity.objectives.items()
    lines = [_agreement(name, own, front.fidelity, front) for name, own in measured]
    moves = [line for name, own in measured for line in _moves(name, own, front.fidelity, front)]
    return [*lines, *moves, *_convergence(front), *_mixture(front)]


def _agreement(name: str, own: ObjectiveFidelity, report: FidelityReport, front: Front) -> str:
    num_stopped = sum(run.forecast for run in own.patterns)
    stopped = f" ({num_stopped} of them stopped by halving)" if num_stopped else ""
    compared = f"{len(own.patterns)} patterns{stopped} after {report.times} times the training"
    if own.tau is None or own.tau_low is None:
        return f"{_capital(name)}: how far this ranking can be trusted is unknown ({compared} are too few to tell)."
    interval = f"95% {own.tau_low:.2f} to {own.tau_high:.2f}, by chance {own.chance:.2f}"
    ceiling = own.tau_between_seeds
    seeds = "" if ceiling is None else f"; seeds of the long runs agree at {ceiling:.2f}"
    assert own.regret_of_best is not None, "a ranking with a tau has patterns"
    lost = f"its best choice loses {format_quantity(own.regret_of_best, front.objective(name).unit)}"
    verdict = f"tau {own.tau:.2f} ({interval}{seeds}) with that of {compared}; {lost}."
    if own.better_than_chance:
        return f"{_capital(name)}: this ranking agrees at {verdict}"
    return f"{_capital(name)}: THIS RANKING MAY BE CHANCE: {verdict}"


def _moves(name: str, own: ObjectiveFidelity, report: FidelityReport, front: Front) -> list[str]:
    """Points of the front that longer training is forecast to rank otherwise."""
    shown = {point.trial for point in front.points}
    moved = [f"{move.trial} ({move.place} to {move.forecast_place})" for move in own.moved if move.trial in shown]
    if not moved:
        return []
    return [
        f"{_capital(name)}: after {report.times} times the training these are forecast to move: {', '.join(moved)}."
    ]


def _convergence(front: Front) -> list[str]:
    num_moving = sum(point.converged is False for point in front.points)
    if not num_moving:
        return []
    return [
        f"{num_moving} of {len(front.points)} points had not converged: "
        "the last rung still brought more than noise, so longer training may rank them otherwise."
    ]


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
    shown = label(name)
    return shown[:1].upper() + shown[1:]
