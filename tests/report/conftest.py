"""A front and trials that the report tests share."""

from typing import Any

import pytest

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full
from nas.results.cost import Cost
from nas.results.measurement import Measurement, Outcome
from nas.results.trial import Trial, TrialState

SCORES = (
    {"name": "quality", "task": "text", "times": 1, "unit": "bits per byte", "direction": "minimize", "chance": 8.0},
)
GOALS = (
    {"name": "quality", "unit": "bits per byte", "direction": "minimize"},
    {"name": "flops", "unit": "FLOP", "direction": "minimize"},
    {"name": "kv_cache_bytes", "unit": "bytes", "direction": "minimize"},
)
FULL_FLOPS, FULL_CACHE = 400_000_000, 262_144


def _entry(trial: int, quality: float, flops: float, cache: float, **more: Any) -> dict[str, Any]:
    entry = {
        "trial": trial,
        "baseline": None,
        "values": {"quality": quality, "flops": flops * FULL_FLOPS, "kv_cache_bytes": cache * FULL_CACHE},
        "scores": {"quality": quality},
        "seeds": [0, 1],
        "spread": {"quality": 0.0123},
        "ratio_to_full": {"attention_flops": flops, "kv_cache_bytes": cache},
        "indistinguishable_from": [],
    }
    return entry | more


@pytest.fixture
def front() -> dict[str, Any]:
    """Four points, one of them a baseline, and two more baselines of which one was not trained."""
    local = _entry(2, 2.2, 0.4, 0.3, baseline="local_global")
    return {
        "schema": "nas.front/1",
        "study": "demo",
        "objectives": [dict(goal) for goal in GOALS],
        "scores": [dict(score) for score in SCORES],
        "points": [
            _entry(9, 2.05, 0.6, 0.8, indistinguishable_from=[14]),
            _entry(14, 2.06, 0.5, 0.9, indistinguishable_from=[9]),
            local,
            _entry(26, 2.5, 0.1, 0.1, spread={"quality": None}),
        ],
        "baselines": [
            _entry(0, 2.3, 1.0, 1.0, baseline="full", on_front=False),
            _entry(1, 9.9, 1.0, 1.0, baseline="bigbird", on_front=False, state="over_budget", values={}),
            local | {"on_front": True},
        ],
        "provenance": {},
    }


def _cost(flops: float, cache: float) -> Cost:
    return Cost(
        num_tokens=256,
        pairs=1,
        attention_flops=int(flops * FULL_FLOPS),
        forward_flops=1,
        train_flops=3,
        kv_cache_bytes=int(cache * FULL_CACHE),
        activation_bytes=1,
        num_parameters=1,
    )


@pytest.fixture
def full_cost() -> Cost:
    return _cost(1.0, 1.0)


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
        )
        fields = {
            "number": number,
            "state": TrialState.FINISHED,
            "pattern": ModelPattern.of([(HeadGroup(1, (Full(),)),)]),
            "cost": _cost(flops, cache),
            "step": 400,
            "measurements": (measured,),
            "values": {"quality": quality, "flops": flops * FULL_FLOPS, "kv_cache_bytes": cache * FULL_CACHE},
        }
        return Trial(**(fields | more))

    return make
