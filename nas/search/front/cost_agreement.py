"""How well counted costs rank the patterns of a study as measured ones do."""

from collections.abc import Sequence

from nas.results.front import CostAgreement
from nas.results.objective import COSTS, PROFILED
from nas.results.trial import Trial
from nas.statistics.rank_agreement import spearman_rho


def cost_agreement(trials: Sequence[Trial]) -> tuple[CostAgreement, ...]:
    """Spearman's rho between every measured and every counted cost; empty if nothing was measured on the device.

    Args:
        trials: of a study; every pattern that was measured counts once, also those that were not trained.
    """
    costs = [trial.costs for trial in trials if trial.profile and trial.duplicate_of is None]
    return tuple(
        CostAgreement(
            counted=counted,
            measured=measured,
            rho=spearman_rho([own[counted] for own in costs], [own[measured] for own in costs]),
            num_patterns=len(costs),
        )
        for measured in PROFILED
        for counted in COSTS
        if costs
    )
