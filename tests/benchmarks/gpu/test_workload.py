"""What is trained on a GPU is what the presets train."""

from dataclasses import replace

import pytest
from gpu.workload import LONG, QUICK, Workload

from nas.config.load import load_settings
from nas.search.problem.problem import make_problem


@pytest.mark.parametrize("workload", [QUICK, LONG], ids=lambda workload: workload.name)
def test_a_workload_is_that_of_its_preset(workload: Workload) -> None:
    (settings,) = load_settings([f"preset={workload.name}", "device=cpu", "tracking=none"])
    assert (workload.text, workload.proxy) == (settings.task, settings.proxy)
    assert workload.training == replace(settings.training, test_lengths=[])
    assert workload.shape == make_problem(settings).shape


def test_patterns_are_always_the_same_and_differ() -> None:
    first, again = ([member.pattern for member in QUICK.members(6)] for _ in range(2))
    assert first == again and len(set(first)) == 6
