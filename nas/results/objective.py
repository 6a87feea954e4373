"""The objectives of a study, and the scores that it measures."""

import re
from collections.abc import Sequence
from typing import Literal

from nas.errors import InputError, unknown
from nas.results.codec import Value
from nas.results.cost import Cost
from nas.results.profile import Profile
from nas.statistics.ranks import Direction

TaskQuality = Literal["separate", "mean_rank"]
"""How the qualities of several tasks become objectives: one each, or a single one, the mean of their ranks."""

COSTS: dict[str, tuple[str, str]] = {
    "flops": ("attention_flops", "FLOP"),
    "tile_flops": ("tile_flops", "FLOP"),
    "kv_cache_bytes": ("kv_cache_bytes", "bytes"),
    "activation_bytes": ("activation_bytes", "bytes"),
    "num_parameters": ("num_parameters", "parameters"),
}
"""Objectives that are counted, not trained: the field of `Cost` each one reads, and its unit."""

PROFILED = {"latency_ms": "ms", "peak_memory_bytes": "bytes"}
"""Objectives that are measured on a device (docs/costs.md): the fields of `Profile` of the same names, and units."""

OBJECTIVES = ("quality", *COSTS, *PROFILED)
"""Every objective a study may name; with `training.test_lengths` also quality_2x and the like."""

LONGER_QUALITY = re.compile(r"quality_(\d+)x")
"""A quality at a multiple of the training length."""


PROJECTED = "_projected"
"""Ends the name of a quality that is projected to longer training; without it, it is the name of what was measured."""


class Objective(Value, frozen=True, kw_only=True):
    """One axis of the front.

    Args:
        name: its name in settings, files and tables.
        unit: the unit of its values.
        direction: minimize or maximize.
    """

    name: str
    unit: str
    direction: Direction

    @property
    def is_cost(self) -> bool:
        """Whether it is what a pattern costs, counted or measured, and not what it is worth."""
        return self.name in COSTS or self.name in PROFILED

    @property
    def sign(self) -> int:
        """What a value is multiplied by so that less is better."""
        return 1 if self.direction == "minimize" else -1


class Score(Value, frozen=True, kw_only=True):
    """A number that a training run measures.

    Args:
        name: its name in files and tables: quality, quality_2x, quality_projected; with several tasks quality_recall,
            quality_recall_2x, quality_text_projected.
        task: label of the task.
        times: length of the sequences, as a multiple of the training length.
        unit: the unit of its values.
        direction: minimize or maximize.
        chance: the value of a model that knows nothing.
        part: the part of the task's sequences that it covers; empty for all of them.
        projected_to: length of training in optimiser steps to which it is projected (`nas.search.scoring.projection`);
            None for what was measured.
    """

    name: str
    task: str
    times: int
    unit: str
    direction: Direction
    chance: float
    part: str = ""
    projected_to: int | None = None


def check_objectives(names: Sequence[str], test_lengths: Sequence[int]) -> None:
    """Refuse objectives that no study could have, before any task is made.

    Raises:
        InputError: a name is unknown or repeated, its length is not tested, there are fewer than two, or all are costs.
    """
    known = (*OBJECTIVES, *(f"quality_{times}x" for times in test_lengths))
    for index, name in enumerate(names):
        if name in known:
            continue
        if match := LONGER_QUALITY.fullmatch(str(name)):
            allowed = f"must be a length of training.test_lengths, which are {list(test_lengths)}"
            raise InputError(f"objectives[{index}]", allowed, name, f"Add {match[1]} to training.test_lengths.")
        raise unknown(f"objectives[{index}]", str(name), known, "objective")
    if len(names) < 2 or len(set(names)) < len(names):
        remedy = f"Choose from {', '.join(known)}."
        raise InputError("objectives", "must name two or more different objectives", list(names), remedy)
    if all(name in COSTS or name in PROFILED for name in names):
        raise InputError("objectives", "must name a quality: costs alone need no training", list(names))


def cost_values(cost: Cost, profile: Profile | None = None) -> dict[str, float]:
    """The value of every cost objective by its name, if it was counted; measured ones only with a profile.

    Args:
        cost: of a pattern.
        profile: of the same pattern.
    """
    numbers = cost.counted
    counted = {name: float(numbers[field]) for name, (field, _) in COSTS.items() if field in numbers}
    return counted if profile is None else counted | {name: float(getattr(profile, name)) for name in PROFILED}
