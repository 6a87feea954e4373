"""The observer of a study: a subclass overrides what it needs, and the rest does nothing."""

import inspect
from typing import Any

import pytest

from nas.results.observer import Observer, Progress, StudyPlan

METHODS = sorted(name for name in vars(Observer) if not name.startswith("_"))


@pytest.mark.parametrize("name", METHODS)
def test_a_method_that_is_not_overridden_does_nothing(name: str) -> None:
    arguments = [object() for _ in list(inspect.signature(getattr(Observer, name)).parameters)[1:]]
    observer = Observer()
    assert getattr(observer, name)(*arguments) is None
    assert vars(observer) == {}


def test_an_observer_overrides_what_it_needs() -> None:
    seen: list[Progress] = []

    class Own(Observer):
        def training_progressed(self, progress: Progress) -> None:
            seen.append(progress)

    own, progress = Own(), Progress(trial=3, task="text", step=8, num_steps=40)
    own.training_progressed(progress)
    own.long_runs_started(2)
    assert seen == [progress]


def test_a_plan_counts_baselines_and_sampled_trials() -> None:
    numbers: dict[str, Any] = {"rungs": (4, 8), "legs": (4, 5), "promoted_share": 0.5, "long_steps": 16}
    numbers |= {"num_confirmations": 0, "confirmation": 8.0, "num_long_runs": 0, "scoring": 0.0}
    assert StudyPlan(num_baselines=6, num_sampled=24, **numbers).num_trials == 30
