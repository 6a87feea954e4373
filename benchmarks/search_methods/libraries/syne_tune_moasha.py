"""Syne Tune's MO-ASHA (Schmucker et al. 2021): patterns are stopped at rungs where others are ahead of them."""

import datetime
import time
from pathlib import Path

import numpy as np
from syne_tune.backend.trial_status import Trial
from syne_tune.config_space import choice
from syne_tune.optimizer.scheduler import SchedulerDecision
from syne_tune.optimizer.schedulers.multiobjective.moasha import MOASHA

from search_methods.libraries.arena import Arena
from search_methods.search import Search

METRICS = ["quality", "flops", "kv_cache"]


def search(path: Path, num_draws: int, seed: int, *, num_trials: int) -> Search:
    """One worker; a rung lets through its best half."""
    arena = Arena(path, num_draws, seed)
    started = time.process_time()
    np.random.seed(seed)  # Syne Tune's domains draw from numpy's own stream
    rungs = arena.truth.rungs
    scheduler = MOASHA(
        {name: choice(options) for name, options in arena.options.items()},
        metrics=METRICS,
        time_attr="step",
        max_t=rungs[-1],
        grace_period=rungs[0],
        reduction_factor=2,
        random_seed=seed,
    )
    while len(arena.reached) < num_trials:
        config = scheduler.suggest().config
        identity = arena.identity(config)
        if identity is None or identity in arena.reached:
            continue
        trial = Trial(trial_id=len(arena.reached), config=config, creation_time=datetime.datetime.now())
        scheduler.on_trial_add(trial)
        for rung in rungs:
            result = dict(zip(METRICS, arena.train(identity, rung), strict=True)) | {"step": rung}
            if scheduler.on_trial_result(trial, result) == SchedulerDecision.STOP:
                break
    return arena.search(time.process_time() - started)
