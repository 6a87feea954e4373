"""The evidence of a study: what is known of its patterns, as arrays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from nas.patterns.model import ModelPattern
from nas.search.samplers.observation import TRAINED, Observation
from nas.search.samplers.parameters import Params


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Patterns that were trained or are training, each once.

    Args:
        ids: identities of the n patterns.
        patterns: in the same order.
        params: what the sampler suggested for each, by parameter name; empty for a baseline.
        published: whether each is a baseline, proposed as well or not, shape (n,).
        allowed: whether each may be on the front, shape (n,).
        costs: cost objectives as shares of full attention, shape (n, costs).
        values: measured objectives at every rung, to be minimised, shape (measured, n, rungs); NaN where a pattern
            was not trained to.
    """

    ids: Sequence[str]
    patterns: Sequence[ModelPattern]
    params: Sequence[Params]
    published: NDArray[np.bool_]
    allowed: NDArray[np.bool_]
    costs: NDArray[np.float64]
    values: NDArray[np.float64]

    @property
    def num_trained(self) -> int:
        """Patterns with at least one score."""
        return int((~np.isnan(self.values[:, :, 0])).all(axis=0).sum()) if self.values.size else 0


def evidence_of(history: Sequence[Observation], identity: Callable[[ModelPattern], str]) -> Evidence:
    """What is known of each pattern that was trained, is training, or could not be trained.

    A pattern that could not be trained counts as the worst that was.

    Args:
        history: of all trials.
        identity: equal for two patterns that count as one.
    """
    merged: dict[str, Observation] = {}
    published = set()
    for one in history:
        if one.pattern is None or not one.rung_values or not (one.values is None or one.was_tried):
            continue
        name = identity(one.pattern)
        known = merged.setdefault(name, one)
        if not one.suggestion.params:
            published.add(name)
        if not known.suggestion.params:  # a baseline that was proposed as well can be changed a little
            merged[name] = replace(known, suggestion=one.suggestion)
    values = np.array([one.rung_values for one in merged.values()], dtype=np.float64)
    values = values.transpose(1, 0, 2) if merged else np.zeros((0, 0, 0))
    failed = np.array([one.constraints.get(TRAINED, 0) > 0 for one in merged.values()], dtype=np.bool_)
    worst = np.nanmax(values, axis=1, keepdims=True, initial=-np.inf)
    return Evidence(
        ids=tuple(merged),
        patterns=tuple(one.pattern for one in merged.values() if one.pattern is not None),
        params=tuple(one.suggestion.params for one in merged.values()),
        published=np.array([name in published for name in merged], dtype=np.bool_),
        allowed=np.array([max(one.constraints.values(), default=0) <= 0 for one in merged.values()]),
        costs=np.array([one.costs for one in merged.values()]),
        values=np.where(failed[:, None] & np.isnan(values) & np.isfinite(worst), worst, values),
    )
