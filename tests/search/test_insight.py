"""What the study's model says of an ended study."""

import random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from nas.results.trial import Trial, TrialState
from nas.search.insight import LEAST_TRIALS, study_insight
from tests.fronts import make_front, make_score
from tests.records import make_measurement
from tests.result_strategies import TRIALS
from tests.toy_study import SHAPE, density, drawn, toy_problem

RUNGS = (100, 200, 400)


def _front(**changes):
    front = make_front(**changes)
    return replace(front, provenance=replace(front.provenance, num_tokens=SHAPE.num_tokens, rungs=RUNGS))


def _trials(num: int, num_stopped: int = 0, sign: int = 1) -> list[Trial]:
    """Patterns whose quality is their density; `kind` says whether it is high, and `luck` says nothing."""
    draw, trials = random.Random(0), []
    patterns = drawn(toy_problem(), num)
    middle = sorted(map(density, patterns))[num // 2]
    for number, pattern in enumerate(patterns):
        worth = sign * (3 - density(pattern))
        rungs = RUNGS[:1] if number < num_stopped else RUNGS
        trials.append(
            Trial(
                number=number,
                state=TrialState.STOPPED if number < num_stopped else TrialState.FINISHED,
                pattern=pattern,
                cost=None,
                params={"kind": "dense" if density(pattern) >= middle else "sparse", "luck": draw.randrange(3)},
                step=rungs[-1],
                measurements=tuple(make_measurement(rung, worth + sign * 40 / rung) for rung in rungs),
            )
        )
    return trials


@pytest.fixture(scope="module")
def trials():
    return _trials(30, num_stopped=10)


def test_the_parameter_that_decides_is_told_from_one_that_does_not(trials):
    effects = {one.name: one for one in study_insight(_front(), trials).effects}
    assert effects["kind"].share > 0.4 > 0.2 > effects["luck"].share
    assert [level.name for level in effects["kind"].levels] == ["dense", "sparse"], "best first: dense sees more"
    assert sum(level.num_trials for level in effects["kind"].levels) == 30


def test_predictions_of_hidden_trials_follow_what_was_measured(trials):
    found = study_insight(_front(), trials)
    assert [one.trial for one in found.predictions] == list(range(10, 30)), "those that reached the last rung"
    assert found.accuracy is not None and found.accuracy.better_than_chance


def test_predictions_of_chance_are_no_better_than_chance(trials):
    draw = random.Random(1)
    noise = [
        replace(one, measurements=tuple(make_measurement(rung, draw.gauss(2, 0.1)) for rung in RUNGS), step=400)
        for one in trials
    ]
    accuracy = study_insight(_front(), noise).accuracy
    assert accuracy is not None and not accuracy.better_than_chance


def test_stopped_trials_have_forecasts_near_their_last_rung(trials):
    forecasts = study_insight(_front(), trials).forecasts
    assert forecasts.keys() == set(range(10))
    for number, value in forecasts.items():
        assert value == pytest.approx(3 - density(trials[number].pattern) + 0.1, abs=0.1)


def test_more_is_better_where_the_score_says_so():
    front = _front(scores=(make_score(direction="maximize"),))
    found = study_insight(front, _trials(12, sign=-1))
    [kind] = [one for one in found.effects if one.name == "kind"]
    assert kind.levels[0].name == "dense" and kind.levels[0].mean > kind.levels[1].mean
    assert all(one.measured < 0 for one in found.predictions), "in the score's own unit and sign"


def test_a_number_of_many_values_becomes_ranges():
    trials = [replace(one, params={"width": 2**place}) for place, one in enumerate(_trials(12))]
    [effect] = study_insight(_front(), trials).effects
    assert {level.name for level in effect.levels} == {"1 to 8", "16 to 128", "256 to 2048"}


def test_too_few_trials_say_nothing():
    found = study_insight(_front(), _trials(LEAST_TRIALS - 1))
    assert not found.effects and not found.predictions and found.accuracy is None
    assert study_insight(_front(), []).forecasts == {}
    assert study_insight(_front(scores=()), _trials(8)).predictions == ()


@given(st.lists(TRIALS, max_size=8, unique_by=lambda trial: trial.number))
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_trials_of_any_kind_are_read(trials):
    study_insight(_front(), [replace(one, pattern=None) if one.pattern and one.pattern.grid else one for one in trials])
