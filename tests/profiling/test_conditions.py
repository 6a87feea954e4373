"""What is measured under which conditions, and what cannot be measured here."""

import pytest
import torch

from nas.costs.target import Target, proxy_target
from nas.errors import InputError
from nas.profiling import conditions as module
from nas.profiling.conditions import check_profilable, profile_conditions
from nas.profiling.memory_limit import available_bytes
from nas.results.profile import Phase
from tests.profiles import conditions

TARGET = proxy_target(num_layers=3, num_heads=4, num_tokens=96, d_model=64)


def test_conditions_name_the_shape_the_phase_and_the_machine() -> None:
    found = profile_conditions(TARGET, "train", "cpu", 5)
    assert (found.phase, found.num_tokens, found.num_layers, found.num_heads) == ("train", 96, 3, 4)
    assert (found.num_kv_heads, found.d_model, found.d_head) == (4, 64, 16)
    assert (found.num_threads, found.dtype, found.torch) == (5, "float32", str(torch.__version__))
    assert found.device


def test_what_differs_is_said() -> None:
    now = conditions(num_threads=2, torch="other")
    assert conditions().differences(now) == ["num_threads: was 1, now 2", "torch: was 'any', now 'other'"]
    assert now.differences(now) == []


@pytest.mark.parametrize(
    ("phase", "needed"),
    [("prefill", 4 * 4 * 64 * 8 * 4), ("train", 8 * 4 * 64 * 8 * 4), ("decode", 2 * 2 * 4 * 64 * 8 * 4)],
)
def test_a_target_that_the_memory_cannot_hold_is_refused(
    phase: Phase, needed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "available_bytes", lambda device: needed)
    check_profilable(conditions(phase), "cpu", causal=True)
    monkeypatch.setattr(module, "available_bytes", lambda device: needed - 1)
    said = rf"^target.num_tokens: must be at most 63, .* target.phase={phase}, got 64\. Lower it"
    with pytest.raises(InputError, match=said):
        check_profilable(conditions(phase), "cpu", causal=True)


def test_a_bidirectional_model_does_not_decode() -> None:
    check_profilable(conditions("train"), "cpu", causal=False)
    with pytest.raises(InputError, match=r"^target.phase: must not be decode for a bidirectional model, got 'decode'"):
        check_profilable(conditions("decode"), "cpu", causal=False)


def test_the_machine_has_memory() -> None:
    assert available_bytes("cpu") > 1 << 20


def test_an_unknown_phase_is_refused_with_the_nearest() -> None:
    sizes = {name: getattr(TARGET, name) for name in Target.__dataclass_fields__}
    with pytest.raises(InputError, match=r"^target.phase: unknown phase; .* Did you mean 'decode'\?"):
        Target(**(sizes | {"phase": "decoding"}))
