"""Profiles of whole models: sums over layers by a pretended clock, and real ones that only have to be there."""

import pytest
import torch

from nas.attention import module as attention
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Window
from nas.profiling import layer_run
from nas.profiling.clock import LEAST_TURNS
from nas.profiling.profiler import Profiler
from nas.results.profile import Phase
from tests.profiles import conditions

NARROW, WIDE = (HeadGroup(4, (Window(3),)),), (HeadGroup(4, (Full(),)),)
MIXED = ModelPattern.of([NARROW, WIDE])


class Machine:
    """Attention takes a second for every key that a head sees last; attention is counted, and the clock follows."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.attended = 0.0, list[float]()
        monkeypatch.setattr(layer_run, "attend", self._attend)

    def __call__(self) -> float:
        return self.now

    def _attend(self, q, k, v, heads, **others) -> torch.Tensor:
        seconds = float(sum(head.mask(64)[-1].sum() for head in heads))
        self.now += seconds
        self.attended.append(seconds)
        return attention.attend(q, k, v, heads, **others)


def test_latency_is_the_sum_over_layers_and_a_distinct_layer_is_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    profiler = Profiler(conditions(num_layers=6), "cpu", machine)
    (profile,) = profiler.profiles([MIXED])
    narrow, wide = 4 * 4.0, 4 * 64.0
    assert profile.latency_ms == 1000 * (3 * narrow + 3 * wide)
    assert (profile.latency_iqr_ms, profile.num_repeats) == (0.0, LEAST_TURNS)
    assert profile.pattern_id == MIXED.id and profile.conditions == conditions(num_layers=6)
    runs_of_a_layer = 1 + LEAST_TURNS + 1  # warm-up, timed, and once for the allocator
    assert sorted(machine.attended) == [narrow] * runs_of_a_layer + [wide] * runs_of_a_layer


def test_layers_that_are_known_are_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    profiler = Profiler(conditions(), "cpu", machine)
    first = profiler.profiles([MIXED])
    machine.attended.clear()
    (swapped,) = profiler.profiles([ModelPattern.of([WIDE, NARROW])])
    assert machine.attended == []
    assert swapped.latency_ms == first[0].latency_ms and swapped.pattern_id != first[0].pattern_id


def test_spellings_of_a_pattern_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    profiler = Profiler(conditions(), "cpu", machine)
    one = ModelPattern.of([(HeadGroup(2, (Window(3),)), HeadGroup(2, (Full(),)))] * 2)
    other = ModelPattern.of([(HeadGroup(2, (Full(),)), HeadGroup(2, (Window(3), Window(1))))] * 2)
    assert one.id == other.id
    first, second = profiler.profiles([one, other])
    assert first == second


@pytest.mark.parametrize("phase", ["prefill", "decode", "train"])
def test_a_real_profile_has_time_and_memory(phase: Phase) -> None:
    profiler = Profiler(conditions(phase), "cpu")
    narrow, wide = profiler.profiles([ModelPattern.of([layer] * 2) for layer in (NARROW, WIDE)])
    for profile in (narrow, wide):
        assert profile.latency_ms > 0 and profile.latency_iqr_ms >= 0 and profile.peak_memory_bytes > 0
    if phase == "decode":
        assert narrow.peak_memory_bytes < wide.peak_memory_bytes


def model_peak(profiler: Profiler, num_layers: int) -> int:
    pattern = ModelPattern.of([WIDE] * num_layers)
    return profiler.profiles([pattern])[0].peak_memory_bytes


@pytest.mark.parametrize(
    ("phase", "kept"),
    [
        ("prefill", 2 * 4 * 64 * 8 * 4),  # keys and values
        ("decode", 2 * 4 * 64 * 8 * 4),
        ("train", 4 * 4 * 64 * 8 * 4 + 4 * 64 * 4),  # q, k, v, the output and one log-sum-exp a query
    ],
)
def test_each_further_layer_adds_what_it_keeps(phase: Phase, kept: int) -> None:
    two, five = (model_peak(Profiler(conditions(phase, num_layers=layers), "cpu"), layers) for layers in (2, 5))
    assert five - two == 3 * kept


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("phase", ["prefill", "decode", "train"])
def test_a_gpu_has_profiles_too(phase: Phase) -> None:
    (profile,) = Profiler(conditions(phase, num_tokens=1024, d_head=64, dtype="bfloat16"), "cuda").profiles([MIXED])
    assert profile.latency_ms > 0 and profile.peak_memory_bytes > 0
