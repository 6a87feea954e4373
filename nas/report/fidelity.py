"""What a study says of its own ranking, before it shows it."""

from collections.abc import Mapping
from typing import Any

from nas.report.objectives import label
from nas.report.quantities import format_quantity

_OFF = "Fidelity: off. Nobody has checked what this ranking is worth after longer training."

_FROZEN = (
    "Scored with the checkpoint's own weights: nothing was trained, so there is no rung to trust and no noise of seeds."
)


def fidelity_lines(front: Mapping[str, Any]) -> list[str]:
    """One line for every measured objective, and one more if points of the front had not converged.

    Args:
        front: content of front.json.
    """
    report = front.get("fidelity")
    if front.get("provenance", {}).get("evaluation", {}).get("weights") == "frozen":
        return [_FROZEN]
    if report is None:
        return [_OFF, *_convergence(front)]
    own = report["objectives"].items()
    lines = [_line(name, compared, report, front) for name, compared in own]
    moves = [line for name, compared in own for line in _moves(name, compared, report, front)]
    return [*lines, *moves, *_convergence(front)]


def _line(name: str, own: Mapping[str, Any], report: Mapping[str, Any], front: Mapping[str, Any]) -> str:
    num_stopped = sum(pattern["forecast"] for pattern in own["patterns"])
    stopped = f" ({num_stopped} of them stopped by halving)" if num_stopped else ""
    compared = f"{len(own['patterns'])} patterns{stopped} after {report['times']} times the training"
    if own["tau"] is None or own["tau_low"] is None:
        return f"{_capital(name)}: what this ranking is worth is not known ({compared} say nothing)."
    interval = f"95% {own['tau_low']:.2f} to {own['tau_high']:.2f}, by chance {own['chance']:.2f}"
    ceiling = own["tau_between_seeds"]
    seeds = "" if ceiling is None else f"; seeds of the long runs agree at {ceiling:.2f}"
    unit = next(goal["unit"] for goal in front["objectives"] if goal["name"] == name)
    lost = f"its best choice loses {format_quantity(own['regret_of_best'], unit)}"
    verdict = f"tau {own['tau']:.2f} ({interval}{seeds}) with that of {compared}; {lost}."
    if own["better_than_chance"]:
        return f"{_capital(name)}: this ranking agrees at {verdict}"
    return f"{_capital(name)}: THIS RANKING CANNOT BE TOLD FROM CHANCE: {verdict}"


def _moves(name: str, own: Mapping[str, Any], report: Mapping[str, Any], front: Mapping[str, Any]) -> list[str]:
    """Points of the front that longer training is forecast to rank otherwise."""
    shown = {point["trial"] for point in front["points"]}
    moved = [f"{move['trial']} ({move['from']} to {move['to']})" for move in own["moved"] if move["trial"] in shown]
    if not moved:
        return []
    return [
        f"{_capital(name)}: after {report['times']} times the training these are forecast to move: {', '.join(moved)}."
    ]


def _convergence(front: Mapping[str, Any]) -> list[str]:
    moving = [point for point in front["points"] if point.get("converged") is False]
    if not moving:
        return []
    return [
        f"{len(moving)} of {len(front['points'])} points had not converged: "
        "the last rung still brought more than noise, so longer training may rank them otherwise."
    ]


def _capital(name: str) -> str:
    shown = label(name)
    return shown[:1].upper() + shown[1:]
