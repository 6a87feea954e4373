"""The schedule of a training run: its learning rate at every step, and the rungs at which runs are compared.

A training run has one trunk, on which the learning rate rises and then stays, and a branch to every rung, on which it
falls to almost 0. So the score at a rung is that of a run of that many steps, and continuing to the next rung repeats
none of the trunk. Hägele et al. 2024 ("Scaling Laws and Compute-Optimal Training Beyond Fixed Training
Durations") find that such a run ends as low as one whose cosine was fitted to its length.
"""

import math

from nas.proxy.settings import TrainingSettings


def rung_steps(training: TrainingSettings) -> tuple[int, ...]:
    """The rungs, ascending: `num_steps` divided by powers of `rung_ratio`, rounded up; the last is `num_steps`."""
    below = reversed(range(training.num_rungs))
    return tuple(-(-training.num_steps // training.rung_ratio**power) for power in below)


def branch_start(rung: int, training: TrainingSettings) -> int:
    """The step at which the branch to a rung leaves the trunk.

    Args:
        rung: its end, in optimiser steps.
        training: its cooldown_share determines how long a branch is; at least one step.
    """
    return rung - max(1, round(training.cooldown_share * rung))


def learning_rate_share(step: int, training: TrainingSettings, rung: int | None = None) -> float:
    """The share of the peak learning rate at a step: a linear rise, then level; on a branch a fall to almost 0.

    The fall is 1 - sqrt(share of the branch that is done), the best of the forms that Hägele et al. tried.

    Args:
        step: optimiser steps done before this one, from 0.
        training: its warmup_steps and cooldown_share determine the schedule.
        rung: where the branch ends; None on the trunk.

    Returns:
        above 0 and up to 1.
    """
    risen = min(1.0, (step + 1) / max(1, training.warmup_steps))
    if rung is None:
        return risen
    start = branch_start(rung, training)
    return risen * (1 - math.sqrt((step - start) / (rung - start)))
