"""What the long runs cost: their optimiser steps among those of the whole study."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from nas.proxy.settings import TrainingSettings
from nas.proxy.training.schedule import branch_start
from nas.results.trial import Trial


def share_of_long_runs(trials: Iterable[Trial], training: TrainingSettings, last_rung: int) -> float:
    """The share of all optimiser steps that went to runs beyond the search's last rung, 0 to 1.

    Args:
        trials: all of a study.
        training: decides where branches leave the trunk.
        last_rung: of the search, in optimiser steps.
    """
    legs = [leg for trial in trials if trial.duplicate_of is None for leg in _legs(trial, training)]
    total = sum(num_steps for _, num_steps in legs)
    return sum(num_steps for rung, num_steps in legs if rung > last_rung) / total if total else 0.0


def _legs(trial: Trial, training: TrainingSettings) -> Iterator[tuple[int, int]]:
    """Rung and optimiser steps of every leg, by task and seed: from the trunk of the rung below, or from the start."""
    runs = {(one.task, one.seed) for one in trial.measurements}
    for run in runs:
        rungs = sorted({one.step for one in trial.measurements if (one.task, one.seed) == run})
        yield rungs[0], rungs[0]
        yield from ((rung, rung - branch_start(below, training)) for below, rung in pairwise(rungs))
