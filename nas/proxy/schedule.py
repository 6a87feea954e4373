"""What depends on the step alone: the learning rate's course and the steps of the checks."""

import math

from nas.proxy.settings import TrainingSettings


def learning_rate_share(step: int, training: TrainingSettings) -> float:
    """The share of the peak learning rate at a step: up in a line, then down by a cosine to 0.

    Args:
        step: optimiser steps done before this one, from 0.
        training: its num_steps and warmup_share decide the course.

    Returns:
        above 0 and up to 1.
    """
    warmup_steps = max(1, round(training.warmup_share * training.num_steps))
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    done = (step - warmup_steps) / max(1, training.num_steps - warmup_steps)
    return (1 + math.cos(math.pi * done)) / 2


def check_steps(training: TrainingSettings) -> tuple[int, ...]:
    """The steps after which members are validated: evenly spaced, the last one the end of the training."""
    checks = range(1, training.num_checks + 1)
    return tuple(sorted({-(-training.num_steps * check // training.num_checks) for check in checks}))
