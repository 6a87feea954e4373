"""The vertical axis of a front's picture: where entries stand that are far worse than the others."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from nas.results.front import FrontEntry
from nas.results.objective import Objective
from nas.statistics.far_out import far_out

EDGE = 0.15
"""How far the edge of an axis that leaves entries out lies beyond the others, as a share of their range."""
ROOM = 0.05
"""Room on the better side, as a share of the axis."""


@dataclass(frozen=True, slots=True)
class Heights:
    """Where the entries of a front lie on the axis of an objective.

    Args:
        objective: that is measured.
        edge: where those stand that are far worse than the others; None if none is.
        best: the best value, None if `edge` is.
    """

    objective: Objective
    edge: float | None = None
    best: float | None = None

    @classmethod
    def among(cls, entries: Sequence[FrontEntry], objective: Objective) -> "Heights":
        """The heights of the entries that a picture shows."""
        values = [entry.worth(objective.name) for entry in entries]
        beyond = far_out(values, objective.direction)
        if not beyond.any():
            return cls(objective)
        near = [value for value, is_out in zip(values, beyond, strict=True) if not is_out]
        best, worst = (min(near), max(near)) if objective.direction == "minimize" else (max(near), min(near))
        return cls(objective, worst + EDGE * (worst - best), best)

    def is_beyond(self, entry: FrontEntry) -> bool:
        """Whether the entry stands at the edge."""
        sign = self.objective.sign
        return self.edge is not None and sign * entry.worth(self.objective.name) > sign * self.edge

    def of(self, entry: FrontEntry) -> float:
        """The height, in the objective's unit."""
        return self.edge if self.edge is not None and self.is_beyond(entry) else entry.worth(self.objective.name)

    def uncertainty(self, entry: FrontEntry) -> float:
        """Half the length of the error bar, in the objective's unit; 0 where none is drawn."""
        estimate = None if self.is_beyond(entry) else entry.estimates.get(self.objective.name)
        return (estimate.standard_deviation if estimate else None) or 0.0

    def name(self, entry: FrontEntry) -> str:
        """What is written beside a point: its trial number, and its value where the axis does not say it."""
        value = f" ({entry.worth(self.objective.name):.3g})" if self.is_beyond(entry) else ""
        return f"{entry.trial}{value}"

    def cut(self, panel: Axes) -> None:
        """End the axis at the edge."""
        if self.edge is not None and self.best is not None:
            beyond_best = self.best + ROOM * (self.best - self.edge)
            panel.set_ylim(*sorted((self.edge, beyond_best)))
