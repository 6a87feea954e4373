"""Every second pattern of a study that has surveyed its checkpoint: the one that is predicted to add most to the front.

The prediction is there before anything is scored, and goes on to name patterns that a model of a few scores passes over
(decision 25). What it is wrong about, the patterns between them find.
"""

import numpy as np
from numpy.typing import NDArray

from nas.search.samplers.ask_context import SpaceView
from nas.search.samplers.candidates import Candidate, draw_candidates
from nas.search.samplers.improvement import expected_hypervolume_improvement
from nas.search.samplers.outlook import Outlook

NUM_CANDIDATES = 256
"""Candidates that are compared."""
MOST_DRAWS = 512
"""Draws of the space for them."""
CERTAIN = 1e-9
"""Deviation of a value that is taken as it is predicted."""


def choose_predicted(view: SpaceView, outlook: Outlook, number: int, seed: int) -> Candidate | None:
    """The pattern with the largest hypervolume beyond the known ones, by their predicted losses and their costs.

    Args:
        view: the study's space.
        outlook: what follows from what is known.
        number: of the trial, from 0, baselines not counted.
        seed: of this one ask.

    Returns:
        None for odd numbers, without a survey, and where no candidate is predicted to add anything.
    """
    if number % 2 or view.expected is None:
        return None
    parents = outlook.models.parents if outlook.models else ()
    drawn = draw_candidates(view, parents, outlook.ids, NUM_CANDIDATES, MOST_DRAWS, seed)
    if not drawn or not outlook.patterns:
        return None
    known = np.column_stack([view.expected(outlook.patterns), [view.costs(one) for one in outlook.patterns]])
    offered = np.column_stack([view.expected([one.pattern for one in drawn]), [one.costs for one in drawn]])
    gains = _gains(known, offered)
    return drawn[int(np.argmax(gains))] if gains.max() > 0 else None


def _gains(known: NDArray[np.float64], offered: NDArray[np.float64]) -> NDArray[np.float64]:
    """The hypervolume that each point offered would add, up to the worst value of each objective."""
    reference = np.concatenate([known, offered]).max(axis=0) + CERTAIN
    deviation = np.full(len(offered), CERTAIN)
    return expected_hypervolume_improvement(
        known[:, 0], known[:, 1:], offered[:, 0], deviation, offered[:, 1:], reference
    )
