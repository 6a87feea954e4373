"""What a layer runs, against plain definitions."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nas.costs.memory import kv_cache_bytes
from nas.costs.target import Target
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full
from nas.profiling import layer_run as module
from nas.profiling.layer_inputs import InputMaker, key_width
from nas.profiling.layer_run import layer_run
from nas.results.phase import Phase
from nas.results.profile import ProfileConditions
from tests.fronts import make_pattern
from tests.profiles import conditions
from tests.strategies import pattern_cases, quick

CPU = torch.device("cpu")


def runs(pattern: ModelPattern, under: ProfileConditions) -> Any:
    maker = InputMaker(under, CPU, key_width(pattern.position, under))
    return [layer_run(layer.head_patterns(), under, maker) for layer in pattern.layers]


@quick
@given(pattern_cases(), st.sampled_from(["prefill", "train"]))
def test_any_pattern_runs_and_every_input_gets_a_gradient(case: tuple[ModelPattern, int], phase: Phase) -> None:
    pattern, num_tokens = case
    under = conditions(phase, num_tokens=num_tokens, num_heads=pattern.num_heads, num_kv_heads=pattern.num_heads)
    for run in runs(pattern, under):
        out = run.forward()
        assert out.shape == (1, pattern.num_heads, num_tokens, 8) and not out.isnan().any()
        assert out.requires_grad == (phase == "train")
        if phase == "train":
            gradients = run.run()
            assert all(gradient.isfinite().all() for gradient in gradients)
            assert sum(gradient.nbytes for gradient in gradients) == run.input_bytes


@quick
@given(pattern_cases(), st.sampled_from([1, 2]), st.integers(0, 1))
def test_decoding_reads_the_cache_that_is_counted(case: tuple[ModelPattern, int], sharing: int, phase: int) -> None:
    pattern, num_tokens = case
    if not pattern.causal or pattern.num_heads % sharing or pattern.position in ("alibi", "relative"):
        return  # wider keys are not counted
    name: Phase = "decode" if phase else "prefill"
    num_kv_heads = pattern.num_heads // sharing
    under = conditions(name, num_tokens=num_tokens, num_heads=pattern.num_heads, num_kv_heads=num_kv_heads)
    target = Target(
        name="small",
        num_tokens=num_tokens,
        num_layers=pattern.num_layers,
        num_heads=pattern.num_heads,
        num_kv_heads=num_kv_heads,
        d_model=32,
        d_head=8,
        d_mlp=8,
        bytes_per_element=4,
    )
    counted = kv_cache_bytes([layer.head_patterns() for layer in pattern.layers], target, num_tokens)
    assert sum(run.cache_bytes for run in runs(pattern, under)) == counted


def test_a_decoding_step_is_the_attention_of_one_query_over_its_cache() -> None:
    """Two query heads share each KV head; by hand, in float64."""
    under = conditions("decode", num_kv_heads=2, dtype="float64")
    read: list[tuple[torch.Tensor, ...]] = []

    class Recording(InputMaker):
        def cached(self, *sizes: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
            read.append(super().cached(*sizes))
            return read[-1]  # type: ignore[return-value]

    heads = make_pattern(heads=4).layers[0].head_patterns()
    step: Any = layer_run(heads, under, Recording(under, CPU, 8))
    (out,) = step.run()
    ((q, k, v),) = read
    assert k.shape == v.shape == (1, 2, 8, 8), "a window of eight keys"
    for head in range(4):
        weights = torch.softmax(q[0, head] @ k[0, head // 2].T / math.sqrt(8), dim=-1)
        torch.testing.assert_close(out[0, head], weights @ v[0, head // 2])


@pytest.mark.parametrize(("position", "width"), [("rope", 8), ("learned", 8), ("alibi", 10), ("relative", 40)])
def test_keys_are_as_wide_as_their_positions_make_them(position: str, width: int) -> None:
    assert key_width(position, conditions()) == width


def test_a_mask_that_would_not_fit_is_refused_before_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    under, window, full = conditions(), make_pattern(heads=4), make_pattern(Full(), heads=4)
    needed = 4 * 64**2 * 5
    for free, refused in ((needed, False), (needed - 1, True)):
        monkeypatch.setattr(module, "available_bytes", lambda device, free=free: free)
        assert runs(full, under), "has no mask"
        if refused:
            with pytest.raises(MemoryError, match=r"^a dense mask of"):
                runs(window, under)
        else:
            assert runs(window, under)
