"""What a study weighs: a name, a unit, a direction each."""

from dataclasses import asdict, dataclass

from nas.costs.cost import Cost
from nas.errors import InputError, unknown
from nas.tasks.task import Direction, Metric


@dataclass(frozen=True, slots=True)
class Objective:
    """One axis of the front.

    Args:
        name: as settings, files and tables call it.
        unit: what its numbers count.
        direction: minimize or maximize.
    """

    name: str
    unit: str
    direction: Direction

    def to_dict(self) -> dict[str, str]:
        """Ready for JSON."""
        return asdict(self)


COSTS: dict[str, tuple[str, str]] = {
    "flops": ("attention_flops", "FLOP"),
    "kv_cache_bytes": ("kv_cache_bytes", "bytes"),
    "activation_bytes": ("activation_bytes", "bytes"),
    "num_parameters": ("num_parameters", "parameters"),
}
"""Objectives that are counted, not trained: the field of `Cost` each one reads, and its unit."""

OBJECTIVES = ("quality", *COSTS)
"""Every objective a study may name."""


def make_objectives(names: list[str], metric: Metric) -> tuple[Objective, ...]:
    """The objectives of a study, in the order asked for.

    Raises:
        InputError: an unknown name, a repeated one, or fewer than two.
    """
    for index, name in enumerate(names):
        if name not in OBJECTIVES:
            raise unknown(f"objectives[{index}]", str(name), OBJECTIVES, "objective")
    if len(names) < 2 or len(set(names)) < len(names):
        remedy = f"Choose from {', '.join(OBJECTIVES)}."
        raise InputError("objectives", "must name two or more different objectives", names, remedy)
    return tuple(
        Objective("quality", metric.unit, metric.direction)
        if name == "quality"
        else Objective(name, COSTS[name][1], "minimize")
        for name in names
    )


def objective_values(objectives: tuple[Objective, ...], quality: float, cost: Cost) -> dict[str, float]:
    """The value of each objective, by name, in its unit."""
    costs = cost.to_dict()
    return {
        objective.name: quality if objective.name == "quality" else float(costs[COSTS[objective.name][0]])
        for objective in objectives
    }
