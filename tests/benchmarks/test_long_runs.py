"""What long runs tell about a ranking, checked on the shipped table."""

from pathlib import Path

import pytest
from long_runs import OWN, RANDOM, Check, Study, significant, told_apart
from search_methods.world import table_world

from nas.proxy.training.schedule import branch_start
from nas.results.trial import TrialState
from tests.fronts import make_agreement

TABLE = Path(__file__).parents[2] / "tables" / "tabular-text.jsonl"


@pytest.fixture(scope="module")
def study() -> Study:
    return Study(table_world(TABLE), 0)


def check(mean: float, low: float = 0.1) -> Check:
    return Check(agreement=make_agreement(mean=mean, low=low), whole_tau=0.5, last_tau=0.4)


def test_a_check_of_all_trials_is_the_estimate_itself(study: Study) -> None:
    for found in study.outcome(24, 4).checks.values():
        assert found.agreement.tau == found.whole_tau == found.last_tau
    assert study.outcome(24, 2).checks[OWN].last_tau == study.outcome(24, 4).checks[OWN].whole_tau
    few = study.outcome(4, 4).checks
    assert few[OWN].whole_tau > few[RANDOM].whole_tau
    assert few[OWN].agreement.num_patterns == 4


def test_long_runs_go_on_from_the_trunks_of_the_search(study: Study) -> None:
    training = study.settings.training
    steps = {trial.number: 1920 - branch_start(trial.step, training) for trial in study.trials}
    assert study.outcome(24, 2).num_steps == sum(steps.values())
    assert {trial.state for trial in study.trials} == {TrialState.FINISHED, TrialState.STOPPED}
    assert study.outcome(0, 2).num_steps == 0


def test_without_long_runs_the_best_of_the_study_is_chosen(study: Study) -> None:
    found = study.outcome(0, 4)
    assert found.losses[0] == found.losses[1] == found.losses[2] >= 0
    assert not found.checks and 0 < found.share <= 1


def test_rankings_are_told_apart_by_tau_within_a_study() -> None:
    right, wrong = [check(0.5), check(0.2), check(-0.3)], [check(0.1), check(0.2), check(0.0)]
    assert told_apart(right, wrong) == pytest.approx((1 + 0.5 + 0) / 3)


def test_a_ranking_is_significant_below_the_level_of_the_report() -> None:
    assert significant([check(0.5, 0.01), check(0.5, -0.06), check(0.1, -0.5)]) == pytest.approx(1 / 3)
