"""A front and trials that the report tests share."""

from typing import Any

import pytest

from nas.patterns.primitives import Full
from nas.results.front import Front
from nas.results.measurement import Measurement, Outcome
from nas.results.trial import Trial, TrialState
from tests.fronts import as_baseline, make_baseline, make_cost, make_front, make_pattern, make_point, make_values


@pytest.fixture
def front() -> Front:
    """Four points, one of them a baseline, and two more baselines of which one was not trained."""
    local = make_point(2, 2.2, 0.4, 0.3, baseline="local_global")
    return make_front(
        points=(
            make_point(9, 2.05, 0.6, 0.8, front_probability=0.83),
            make_point(14, 2.06, 0.5, 0.9, front_probability=0.4),
            local,
            make_point(26, 2.5, 0.1, 0.1, spread={"quality": None}),
        ),
        baselines=(
            make_baseline(0, 2.3),
            make_baseline(1, baseline="bigbird", state=TrialState.OVER_BUDGET, values={}),
            as_baseline(local),
        ),
    )


@pytest.fixture
def make_trial():
    """A finished trial by number, quality and shares of full attention's costs; any field can be replaced."""

    def make(number: int, quality: float = 2.3, flops: float = 0.42, cache: float = 0.31, **more: Any) -> Trial:
        measured = Measurement(
            seed=0,
            learning_rate=0.004,
            step=400,
            outcome=Outcome.FINISHED,
            quality=quality,
            train_loss=quality,
            wall_seconds=12.3,
            longer=(),
        )
        fields: dict[str, Any] = {
            "number": number,
            "state": TrialState.FINISHED,
            "pattern": make_pattern(Full(), heads=1),
            "cost": make_cost(flops, cache),
            "step": 400,
            "measurements": (measured,),
            "values": make_values(quality, flops, cache),
        }
        return Trial(**(fields | more))

    return make
