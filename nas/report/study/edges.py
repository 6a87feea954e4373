"""Edges of the space: parameters of which the front takes the smallest or the largest value on offer."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from nas.results.proposal import Suggestion
from nas.results.trial import Param, Trial

CROWDED = 0.5
"""Share of the front's sampled points at an edge from which on the edge is reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A parameter at one end of what the space offers.

    Args:
        parameter: its name.
        end: which end.
        value: the value there.
        trials: points of the front that have it.
        num_points: sampled points of the front that have the parameter.
    """

    parameter: str
    end: Literal["smallest", "largest"]
    value: Param
    trials: tuple[int, ...]
    num_points: int


def crowded_edges(trials: Sequence[Trial], suggestions: Mapping[int, Suggestion]) -> tuple[Edge, ...]:
    """The edges at which CROWDED or more of the front's sampled points lie, the most crowded first.

    Zero and one are no edges below, since whole numbers end there, and neither is the only value of a parameter. What
    the space offers is read from the suggestions, so no code of the space is run.

    Args:
        trials: the front's.
        suggestions: of these, by trial.
    """
    at: dict[tuple[str, Literal["smallest", "largest"]], list[Trial]] = {}
    having: dict[str, int] = {}
    for trial in trials:
        suggestion = suggestions.get(trial.number)
        for name, low, high, value in _numbers(suggestion) if suggestion else ():
            having[name] = having.get(name, 0) + 1
            if value == low and trial.params.get(name) not in (0, 1):
                at.setdefault((name, "smallest"), []).append(trial)
            if value == high:
                at.setdefault((name, "largest"), []).append(trial)
    found = [
        Edge(
            parameter=name,
            end=end,
            value=own[0].params.get(name, "?"),
            trials=tuple(trial.number for trial in own),
            num_points=having[name],
        )
        for (name, end), own in at.items()
        if len(own) >= max(2, CROWDED * having[name])
    ]
    return tuple(sorted(found, key=lambda edge: (-len(edge.trials) / edge.num_points, edge.parameter)))


def _numbers(suggestion: Suggestion) -> Iterator[tuple[str, float, float, float]]:
    """Parameters that are numbers: name, bounds, and what was suggested; options in order count by their place."""
    for name, text in suggestion.distributions.items():
        value = suggestion.params.get(name)
        try:
            bounds = json.loads(text)["attributes"]
            low, high = float(bounds["low"]), float(bounds["high"])
        except (ValueError, KeyError, TypeError, RecursionError):  # a category, or no description of Optuna's
            continue
        if isinstance(value, int | float) and not isinstance(value, bool) and low < high:
            yield name, low, high, float(value)
