"""What several rungs cost together."""

from nas.proxy.settings import TrainingSettings
from nas.proxy.training.schedule import branch_start, rung_steps


def steps_spent(rung: int, training: TrainingSettings) -> int:
    """Optimiser steps that it takes to have the scores of a rung and of all rungs below it."""
    branches = (step - branch_start(step, training) for step in rung_steps(training) if step <= rung)
    return branch_start(rung, training) + sum(branches)
