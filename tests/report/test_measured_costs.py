"""What a front says of the costs that were measured."""

from msgspec.structs import replace

from nas.report.front_table import front_lines
from nas.report.measured_costs import describe, measured_cost_lines
from nas.results.front import CostAgreement
from nas.results.objective import Objective
from tests.fronts import OBJECTIVES, make_baseline, make_front, make_point
from tests.profiles import conditions, make_profile

LATENCY = Objective(name="latency_ms", unit="ms", direction="minimize")


def agreement(measured: str, counted: str, rho: float | None) -> CostAgreement:
    return CostAgreement(measured=measured, counted=counted, rho=rho, num_patterns=12)


def test_nothing_measured_is_nothing_said() -> None:
    assert measured_cost_lines(make_front()) == []


def test_the_device_the_spread_and_the_agreement_are_said() -> None:
    front = make_front(
        points=(make_point(profile=make_profile()),),
        baselines=(make_baseline(profile=make_profile(latency_iqr_ms=0.5)),),
        cost_agreement=(
            agreement("latency_ms", "flops", 0.934),
            agreement("latency_ms", "kv_cache_bytes", -0.5),
            agreement("latency_ms", "num_parameters", None),
            agreement("peak_memory_bytes", "flops", None),
        ),
    )
    where, rho = measured_cost_lines(front)
    assert where == (
        "Measured: prefill of 64 tokens, attention of 2 layers of 4 heads, on any, 1 thread, float32, torch any; the "
        "middle half of the times spreads by 5%."
    )
    assert rho == "Spearman's rho over 12 patterns: latency as attention FLOPs 0.93, KV cache -0.50."


def test_without_any_agreement_only_the_device_is_said() -> None:
    profiled = make_point(profile=make_profile())
    front = make_front(points=(profiled,), cost_agreement=(agreement("latency_ms", "flops", None),))
    assert len(measured_cost_lines(front)) == 1


def test_phases_and_threads_are_named() -> None:
    assert describe(conditions("decode", num_threads=2)).startswith("one decoding step after 64 tokens, ")
    assert "2 threads" in describe(conditions("decode", num_threads=2))
    assert describe(conditions("train")).startswith("a training step on 64 tokens, ")


def test_a_measured_objective_stands_in_the_table_with_its_share() -> None:
    point = make_point(profile=make_profile(), profile_ratio_to_full={"latency_ms": 0.25})
    front = make_front(
        objectives=(*OBJECTIVES, LATENCY),
        points=(replace(point, values=point.values | {"latency_ms": 10.0}),),
        baselines=(),
    )
    lines = front_lines(front)
    assert any("10 ms 0.25x" in line for line in lines) and any(line.startswith("Measured: ") for line in lines)
    assert front.points[0].ratio("latency_ms") == 0.25 and front.points[0].ratio("peak_memory_bytes") is None
