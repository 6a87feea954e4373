"""The first patterns of a study that has surveyed its checkpoint: the best predicted ones, each within a budget.

Nothing is scored yet that a model could read, but the survey predicts what every pattern loses. A few budgets spread
these patterns over the front, from where a model of what was scored goes on.
"""

from collections.abc import Set

import numpy as np

from nas.search.samplers.ask_context import SpaceView
from nas.search.samplers.candidates import Candidate, draw_candidates

BUDGETS = (1 / 4, 1 / 2, 1 / 8, 3 / 8, 3 / 16, 1 / 16)
"""Shares of full attention that the costs of the first patterns may have, in their order."""
NUM_CANDIDATES = 256
"""Candidates that are compared for one budget."""
MOST_DRAWS = 512
"""Draws of the space for them."""


def choose_first(view: SpaceView, ids: Set[str], number: int, seed: int) -> Candidate | None:
    """The pattern with the smallest predicted losses within the budget of a trial; None if there is none.

    Losses of different kinds count alike, each as a share of its mean over the candidates.

    Args:
        view: the study's space.
        ids: identities of the patterns that are known.
        number: of the trial, from 0, baselines not counted.
        seed: of this one ask.
    """
    if number >= len(BUDGETS) or view.expected is None:
        return None
    drawn = draw_candidates(view, (), ids, NUM_CANDIDATES, MOST_DRAWS, seed)
    within = [each for each in drawn if max(each.costs, default=np.inf) <= BUDGETS[number]]
    if not within:
        return None
    losses = view.expected([each.pattern for each in within])
    shares = losses / np.maximum(losses.mean(axis=0), 1e-12)
    return within[int(np.argmin(shares.sum(axis=1)))]
