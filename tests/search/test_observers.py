"""Every observer hears everything; one that fails is warned about once and stops nobody."""

import inspect
from typing import Any

import pytest

from nas.results.observer import Observer, StudyInfo, StudyPlan
from nas.results.trial import Trial
from nas.search.observers import FORWARD_SHARE, Observers
from nas.search.settings import FidelitySettings, StudySettings
from tests.toy_study import FakeExecutor, StartStudy

MESSAGES = sorted(name for name in vars(Observer) if not name.startswith("_"))


class Recorder(Observer):
    """Writes down what it hears, and raises if it is told to."""

    def __init__(self, *, rude: bool = False) -> None:
        self.heard: list[tuple[str, tuple[Any, ...]]] = []
        for name in MESSAGES:
            setattr(self, name, self._hear(name, rude))

    def _hear(self, name: str, rude: bool) -> Any:
        def hear(*words: Any) -> None:
            self.heard.append((name, words))
            if rude:
                raise RuntimeError(f"{name} was too much")

        return hear


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_reaches_everyone_as_it_is(name: str, caplog: pytest.LogCaptureFixture) -> None:
    words = tuple(object() for _ in list(inspect.signature(getattr(Observer, name)).parameters)[1:])
    observers = [Recorder(), Recorder(rude=True), Recorder()]
    assert getattr(Observers(observers), name)(*words) is None
    assert [observer.heard for observer in observers] == [[(name, words)]] * 3
    assert [record.message for record in caplog.records] == [f"Recorder failed and is left behind: {name} was too much"]


def test_one_that_fails_again_is_warned_about_once(caplog: pytest.LogCaptureFixture) -> None:
    rude = Recorder(rude=True)
    observers = Observers([rude])
    for number in range(3):
        observers.long_runs_started(number)
    assert len(rude.heard) == 3 and len(caplog.records) == 1


def test_a_study_tells_what_it_is_and_what_it_expects(start: StartStudy, tmp_path: Any) -> None:
    first, again = Recorder(), Recorder()
    told: dict[str, Any] = {"num_trials": 2, "fidelity": FidelitySettings(num_patterns=2, times=2, num_seeds=2)}
    front = start(tmp_path / "toy", FakeExecutor(), observers=(first,), **told)
    start(tmp_path / "toy", FakeExecutor(), observers=(again,), **told)

    (name, (info, plan, known)), *others = first.heard
    assert (name, known) == ("study_started", ())
    assert isinstance(info, StudyInfo) and isinstance(plan, StudyPlan)
    assert (info.name, info.folder) == ("toy", tmp_path / "toy")
    assert info.settings == StudySettings(study="toy", confirm_seeds=1, **told).to_document()
    assert (info.objectives, info.scores) == (front.objectives, front.scores)
    assert (plan.num_baselines, plan.num_sampled, plan.num_trials) == (6, 2, 8)
    assert (plan.rungs, plan.promoted_share, plan.long_steps) == ((400,), 0.5, 800)
    assert plan.scoring == pytest.approx(FORWARD_SHARE * 256 / 16) and plan.legs == (400 + plan.scoring,)

    heard = [name for name, _ in others]
    assert heard.count("trial_finished") == 8
    assert heard.index("confirmation_started") > heard.index("trial_finished")
    (long_runs,) = (words for name, words in others if name == "long_runs_started")
    assert long_runs == (2 * 2,)
    name, (trials, ended) = others[-1]
    assert name == "study_finished" and ended == front and [trial.number for trial in trials] == list(range(8))

    (_, (_, _, known)), *others = again.heard
    assert len(known) == 8 and all(isinstance(trial, Trial) for trial in known)
    assert "trial_finished" not in [name for name, _ in others]
