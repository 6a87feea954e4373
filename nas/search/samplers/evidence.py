"""What is known of a study's patterns, as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.patterns.model import ModelPattern


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Patterns that were trained or are being trained, each once.

    Args:
        ids: identities of the n patterns.
        patterns: in the same order.
        params: what the sampler suggested for each, by parameter name; empty for a baseline.
        allowed: whether each may stand on the front, shape (n,).
        costs: cost objectives as shares of full attention, shape (n, costs).
        values: measured objectives at every rung, to be minimised, shape (measured, n, rungs); NaN where a pattern
            was not trained to.
    """

    ids: Sequence[str]
    patterns: Sequence[ModelPattern]
    params: Sequence[Mapping[str, Any]]
    allowed: NDArray[np.bool_]
    costs: NDArray[np.float64]
    values: NDArray[np.float64]

    @property
    def num_trained(self) -> int:
        """Patterns with at least one score."""
        return int((~np.isnan(self.values[:, :, 0])).all(axis=0).sum()) if self.values.size else 0
