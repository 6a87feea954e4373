"""What settings must obey beyond their types, each rule with its own line."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

from nas.config.settings import RunSettings
from nas.errors import InputError, unknown
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.search.backbone import check_evaluation
from nas.search.folder.study_folder import study_path
from nas.search.samplers.catalog import SAMPLERS
from nas.search.scoring.objectives import check_objectives
from nas.tracking.settings import check_tracking


@dataclass(frozen=True, slots=True)
class Range:
    """Which numbers a key takes.

    Args:
        allowed: the rule, as messages state it.
        holds: the rule itself; NaN never holds.
    """

    allowed: str
    holds: Callable[[float], bool]


COUNT = Range("must be 0 or more", lambda value: value >= 0)
SIZE = Range("must be 1 or more", lambda value: value >= 1)
SMALL_COUNT = Range("must be from 0 to 4096", lambda value: 0 <= value <= 4096)
SMALL_SIZE = Range("must be from 1 to 4096", lambda value: 1 <= value <= 4096)
WIDTH = Range("must be from 1 to 1048576", lambda value: 1 <= value <= 2**20)
POSITIVE = Range("must be above 0 and finite", lambda value: 0 < value < math.inf)
DECAY = Range("must be 0 or more and finite", lambda value: 0 <= value < math.inf)
RUNGS = Range("must be from 1 to 16", lambda value: 1 <= value <= 16)
TIMES = Range("must be from 2 to 64", lambda value: 2 <= value <= 64)
RATIO = Range("must be 2 or more", lambda value: value >= 2)
SHARE = Range("must be above 0 and at most 1", lambda value: 0 < value <= 1)
BUDGET = Range("must be above 0 and at most 1, a share of full attention", lambda value: 0 < value <= 1)
SEED = Range(f"must be from 0 to {2**32 - 1}", lambda value: 0 <= value < 2**32)

MOST_TIMES = 64
"""Longest test, as a multiple of the training length: memory grows with it."""

LEAST_STEPS = 2
"""Steps of the lowest of several rungs: one of the trunk and one of the branch."""

RANGES: dict[str, Range] = {
    "seed": SEED,
    "num_trials": COUNT,
    "confirm_seeds": SMALL_COUNT,
    "workers": SMALL_COUNT,
    "cohort_size": SMALL_COUNT,
    "proxy.num_layers": SMALL_SIZE,
    "proxy.num_heads": SMALL_SIZE,
    "proxy.d_model": WIDTH,
    "proxy.mlp_ratio": SMALL_SIZE,
    "training.num_steps": SIZE,
    "training.num_rungs": RUNGS,
    "training.rung_ratio": RATIO,
    "training.batch_size": SIZE,
    "training.learning_rate": POSITIVE,
    "training.warmup_steps": COUNT,
    "training.cooldown_share": SHARE,
    "training.weight_decay": DECAY,
    "training.gradient_clip": POSITIVE,
    "fidelity.num_patterns": SMALL_COUNT,
    "fidelity.times": TIMES,
    "fidelity.num_seeds": SMALL_SIZE,
    "constraints.flops_ratio": BUDGET,
    "constraints.kv_cache_ratio": BUDGET,
}
"""Every number that a study is told, bounded where some zeros too many would bring down the machine itself;
those of tasks, targets and spaces are checked by their own classes."""


def check_rules(settings: RunSettings) -> None:
    """Refuse settings that no study could run with.

    Raises:
        InputError: the first rule that is broken.
    """
    for name, rule in RANGES.items():
        value = attrgetter(name)(settings)
        if value is not None and not rule.holds(value):
            raise InputError(name, rule.allowed, value)
    _check_places(settings)
    _check_proxy(settings.proxy)
    _check_training(settings.training)
    if settings.sampler not in SAMPLERS:
        raise unknown("sampler", settings.sampler, SAMPLERS, "sampler")
    check_objectives(settings.objectives, settings.training.test_lengths)
    check_evaluation(settings)
    check_tracking(settings.tracking)


def _check_places(settings: RunSettings) -> None:
    if not settings.runs_folder:
        raise InputError("runs_folder", "must be the path of a folder", settings.runs_folder)
    study_path(settings.study, settings.runs_folder)
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", settings.device):
        raise InputError("device", "must be auto, cpu, cuda or cuda:N", settings.device)


def _check_proxy(proxy: ProxySettings) -> None:
    if proxy.d_model % (2 * proxy.num_heads):
        allowed = f"must be a multiple of {2 * proxy.num_heads} (2 * proxy.num_heads)"
        nearest = max(1, round(proxy.d_model / (2 * proxy.num_heads))) * 2 * proxy.num_heads
        raise InputError("proxy.d_model", allowed, proxy.d_model, f"The nearest is {nearest}.")


def _check_training(training: TrainingSettings) -> None:
    steps, ratio = training.num_steps, training.rung_ratio
    most = 1
    while steps >= LEAST_STEPS * ratio**most:
        most += 1
    if training.num_rungs > most:
        allowed = f"must be at most {most}, so that the lowest rung has {LEAST_STEPS} steps or more"
        remedy = f"training.num_steps is {steps} and training.rung_ratio {ratio}: raise the one or lower the other."
        raise InputError("training.num_rungs", allowed, training.num_rungs, remedy)
    if any(times > MOST_TIMES for times in training.test_lengths):
        raise InputError("training.test_lengths", f"must be at most {MOST_TIMES} each", training.test_lengths)
