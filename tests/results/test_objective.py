"""The objectives that a study may name, and the direction of each."""

from collections.abc import Sequence

import pytest

from nas.errors import InputError
from nas.results.cost import UNITS, Cost
from nas.results.objective import COSTS, LONGER_QUALITY, OBJECTIVES, PROFILED, Objective, check_objectives, cost_values
from tests.fronts import make_cost
from tests.profiles import make_profile


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["quality", "flop"], r"^objectives\[1\]: unknown objective.*Did you mean 'flops'"),
        (
            ["quality", "quality_8x"],
            r"^objectives\[1\]: must be a length of training.test_lengths, which are \[2\].*Add 8",
        ),
        (["quality"], "^objectives: must name two or more"),
        ([], "^objectives: must name two or more"),
        (["quality", "flops", "quality"], "^objectives: must name two or more"),
        (["flops", "kv_cache_bytes"], "^objectives: must name a quality: costs alone need no training, got "),
    ],
)
def test_objectives_that_no_study_could_have_are_refused(names: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        check_objectives(names, [2])


@pytest.mark.parametrize(
    ("names", "lengths"),
    [(OBJECTIVES, ()), (["quality", "flops"], ()), (["flops", "quality_2x"], [2]), (["quality", "quality_2x"], [4, 2])],
)
def test_any_others_are_accepted(names: Sequence[str], lengths: Sequence[int]) -> None:
    check_objectives(names, lengths)


def test_the_length_is_read_from_the_name() -> None:
    match = LONGER_QUALITY.fullmatch("quality_16x")
    assert match is not None and match[1] == "16"
    assert all(LONGER_QUALITY.fullmatch(name) is None for name in (*OBJECTIVES, "quality_x", "quality_recall_2x"))


def test_every_cost_is_a_number_of_the_cost_in_its_unit() -> None:
    for field, unit in COSTS.values():
        assert field in Cost.__struct_fields__ and UNITS[field] in (unit, None)


def test_an_objective_is_minimised_by_its_sign() -> None:
    less, more = (Objective(name="x", unit="", direction=direction) for direction in ("minimize", "maximize"))
    assert (less.sign, more.sign) == (1, -1)


def test_costs_are_counted_or_profiled_and_the_rest_are_qualities() -> None:
    names = (*OBJECTIVES, "quality_2x", "quality_recall")
    costs = [name for name in names if Objective(name=name, unit="", direction="minimize").is_cost]
    assert costs == [*COSTS, *PROFILED]


def test_costs_alone_are_no_objectives_measured_or_not() -> None:
    check_objectives(["quality", "latency_ms"], [])
    with pytest.raises(InputError, match=r"^objectives: must name a quality"):
        check_objectives(["flops", "latency_ms", "peak_memory_bytes"], [])


def test_the_values_of_costs_are_those_of_cost_and_profile() -> None:
    cost, profile = make_cost(), make_profile(latency_ms=7.5)
    counted = {name: getattr(cost, field) for name, (field, _) in COSTS.items()}
    assert cost_values(cost) == counted
    assert cost_values(cost, profile) == counted | {"latency_ms": 7.5, "peak_memory_bytes": 1 << 20}
