"""The profiler of one device: it measures the attention of a target's layers under patterns."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from nas.patterns.model import ModelPattern
from nas.patterns.stretch import stretched
from nas.profiling.allocation import allocation_of
from nas.profiling.clock import Clock, Timing, time_in_turns
from nas.profiling.layer_inputs import Heads, InputMaker, key_width
from nas.profiling.layer_run import LayerRun, layer_run
from nas.results.profile import Profile, ProfileConditions


@dataclass(frozen=True, slots=True)
class LayerProfile:
    """What one layer takes.

    Args:
        timing: of its runs.
        kept_bytes: what it holds while other layers run: its cache, or while training all that its backward pass reads.
        peak_bytes: the most that is allocated while it runs, its inputs and what it keeps included.
    """

    timing: Timing
    kept_bytes: int
    peak_bytes: int


_Layer = tuple[Heads, int]
"""The heads of a layer and the width of its keys, in features: all that decides what it takes."""


class Profiler:
    """Measures patterns on one device under one set of conditions; every distinct layer is measured once.

    Args:
        conditions: of all its profiles (see `nas.profiling.conditions`).
        device: cpu, cuda or cuda:N.
        clock: in seconds; None for the device's own.
    """

    def __init__(self, conditions: ProfileConditions, device: str, clock: Clock | None = None) -> None:
        self._conditions, self._device = conditions, torch.device(device)
        self._clock = clock or self._device_clock
        self._known: dict[_Layer, LayerProfile] = {}

    def profiles(self, patterns: Sequence[ModelPattern]) -> list[Profile]:
        """The profiles of patterns, whose layers take turns.

        Args:
            patterns: any; each is stretched to the target's layers and heads.

        Raises:
            InputError: a pattern's grid does not hold the target's tokens.
            MemoryError: a layer needs more than there is, or torch's own error for this.
        """
        layers = [Counter(self._layers(pattern)) for pattern in patterns]
        self._measure(dict.fromkeys(layer for own in layers for layer in own))
        return [self._summed(pattern, own) for pattern, own in zip(patterns, layers, strict=True)]

    def _layers(self, pattern: ModelPattern) -> list[_Layer]:
        """The layers of a target under a pattern; heads are interchangeable, so the canonical form is measured."""
        fitted = stretched(pattern.canonical(), self._conditions.num_layers, self._conditions.num_heads)
        width = key_width(fitted.position, self._conditions)
        return [(layer.head_patterns(), width) for layer in fitted.layers]

    def _measure(self, layers: Iterable[_Layer]) -> None:
        fresh = [layer for layer in layers if layer not in self._known]
        makers = {width: InputMaker(self._conditions, self._device, width) for _, width in fresh}
        runs = [layer_run(heads, self._conditions, makers[width]) for heads, width in fresh]
        timings = time_in_turns([one.run for one in runs], self._clock)
        for layer, run, timing in zip(fresh, runs, timings, strict=True):
            self._known[layer] = LayerProfile(timing, *self._memory(run))

    def _memory(self, one: LayerRun) -> tuple[int, int]:
        """What a layer keeps and the most that it needs, in bytes."""
        peak = one.input_bytes + allocation_of(one.run, self._device).peak_bytes
        if self._conditions.phase != "train":
            return one.cache_bytes, peak
        return one.input_bytes + allocation_of(one.forward, self._device).held_bytes, peak

    def _summed(self, pattern: ModelPattern, layers: Counter[_Layer]) -> Profile:
        """The whole model: layers run one after the other, each among what all of them keep."""
        measured = [(self._known[layer], count) for layer, count in layers.items()]
        kept = sum(count * one.kept_bytes for one, count in measured)
        return Profile(
            pattern_id=pattern.id,
            conditions=self._conditions,
            latency_ms=sum(count * one.timing.median_ms for one, count in measured),
            latency_iqr_ms=sum(count * one.timing.iqr_ms for one, count in measured),
            num_repeats=min(one.timing.num_repeats for one, _ in measured),
            peak_memory_bytes=kept + max(one.peak_bytes - one.kept_bytes for one, _ in measured),
        )

    def _device_clock(self) -> float:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return time.perf_counter()
