"""One trial as a sampler sees it."""

import pytest

from nas.results.proposal import Suggestion
from nas.search.samplers.observation import TRAINED, Observation


@pytest.mark.parametrize(
    ("rung_values", "constraints", "tried"),
    [
        ((), {}, False),
        (((None, None),), {}, False),
        (((2.0, None),), {}, True),
        (((None, None), (0.5, None)), {TRAINED: 0.0}, True),
        (((None, None),), {TRAINED: 1.0}, True),
        (((None, None),), {TRAINED: 0.0, "flops_ratio": 0.5}, False),
    ],
)
def test_a_trial_was_tried_if_training_it_gave_a_value_or_failed(
    rung_values: tuple[tuple[float | None, ...], ...], constraints: dict[str, float], tried: bool
) -> None:
    assert Observation(Suggestion(), None, constraints, rung_values=rung_values).was_tried is tried
