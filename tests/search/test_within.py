"""A new budget is answered from records: what is measured is the front within it, what is predicted keeps it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from nas.errors import StudyError
from nas.results.codec import to_document
from nas.results.front import Front
from nas.results.study import StudyReader
from nas.results.survey import Survey, read_survey
from nas.results.trial import Trial, TrialState
from nas.results.within import Within
from nas.search.problem.problem import Problem, make_problem, with_survey
from nas.search.settings import ConstraintSettings, StudySettings
from nas.search.study import run_study
from nas.search.within import LEAST_TRIALS, within
from tests.one_thread import one_thread as one_thread
from tests.search.test_checkpoint_study import SMALL, one_core, settings_for
from tests.tiny_models import save_tiny_model, written_text

__all__ = ["one_core"]


class Study:
    """A study of a tiny checkpoint, and everything that its folder holds."""

    def __init__(self, settings: StudySettings, folder: Path) -> None:
        self.settings, reader = settings, StudyReader(folder)
        self.front: Front = reader.front()
        self.trials: tuple[Trial, ...] = reader.trials()
        self.survey: Survey = read_survey(folder)

    def within(self, trials: Sequence[Trial] = (), **asked: float) -> Within:
        return within(self.front, trials or self.trials, self.settings, self.survey, ConstraintSettings(**asked))

    @property
    def dear(self) -> list[Trial]:
        """The trials that cost a fifth of full attention or more: below them every pattern is new on the front."""
        full = self.trials[0].values["kv_cache_bytes"]
        return [trial for trial in self.trials if trial.values and trial.values["kv_cache_bytes"] >= full / 5]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("within")
    model, text = save_tiny_model(folder / "model"), written_text(folder)
    settings = settings_for(model, text, *SMALL, "num_trials=5", f"runs_folder={folder}", "study=known")
    run_study(settings)
    return Study(settings, folder / "known")


def point(trial: Trial, full: Trial) -> tuple[float, float, float]:
    share = trial.values["kv_cache_bytes"] / full.values["kv_cache_bytes"]
    return trial.values["quality_text"], -trial.values["quality_needle"], share


def test_measured_are_the_trials_that_none_within_the_budget_dominates(study: Study) -> None:
    found = study.within(kv_cache_ratio=0.6)
    ended = [trial for trial in study.trials if trial.values and trial.duplicate_of is None]
    points = {trial.number: point(trial, ended[0]) for trial in ended}
    kept = {number: own for number, own in points.items() if own[2] <= 0.6}
    expected = {
        number
        for number, own in kept.items()
        if not any(other != own and all(np.array(other) <= np.array(own)) for other in kept.values())
    }
    assert {one.trial for one in found.measured} == expected and 0 < len(kept) < len(points)
    assert [one.values["quality_text"] for one in found.measured] == sorted(points[n][0] for n in expected)


def test_predicted_patterns_are_new_keep_the_budget_and_are_counted_as_the_study_would(study: Study) -> None:
    assert len(study.dear) >= LEAST_TRIALS
    found = study.within(study.dear, kv_cache_ratio=0.9)
    assert found.predicted and not found.why_none_predicted
    problem: Problem = with_survey(make_problem(study.settings), study.survey)
    known = {trial.pattern.id_in_order for trial in study.dear}
    for one in found.predicted:
        assert one.pattern.id_in_order not in known and one.shares["kv_cache_bytes"] <= 0.9
        counted = problem.cost_of(one.pattern).ratio_to(problem.full_cost)
        names = {"kv_cache_bytes": "kv_cache_bytes", "flops": "attention_flops", "tile_flops": "tile_flops"}
        assert one.shares == pytest.approx({name: counted[field] for name, field in names.items()})
        assert one.expected.keys() == {"quality_text", "quality_needle"}


def test_nothing_measured_or_predicted_is_better_than_what_is_predicted(study: Study) -> None:
    found = study.within(study.dear, kv_cache_ratio=0.9)
    ours = [
        (one.expected["quality_text"].mean, -one.expected["quality_needle"].mean, one.shares["kv_cache_bytes"])
        for one in found.predicted
    ]
    measured = [
        (one.values["quality_text"], -one.values["quality_needle"], one.shares["kv_cache_bytes"])
        for one in found.measured
    ]
    for own in ours:
        assert not any(other != own and all(np.array(other) <= np.array(own)) for other in [*ours, *measured])
    assert [own[0] for own in ours] == sorted(own[0] for own in ours)


def test_without_a_survey_or_enough_trials_nothing_is_predicted_and_the_reason_is_said(study: Study) -> None:
    asked = ConstraintSettings(kv_cache_ratio=0.9)
    alone = within(study.front, study.trials, study.settings, None, asked)
    assert alone.measured and alone.predicted == ()
    assert alone.why_none_predicted == "Patterns are predicted only inside a checkpoint that was surveyed."
    few = within(study.front, study.trials[: LEAST_TRIALS - 1], study.settings, study.survey, asked)
    assert few.predicted == () and "after 8 trials, and 7 ended" in few.why_none_predicted


def test_a_module_that_nas_does_not_ship_is_not_run(study: Study, tmp_path: Path) -> None:
    """A study's folder may come from a stranger."""
    from dataclasses import replace as changed

    settings = changed(study.settings, space=changed(study.settings.space, attribute="strange:Space"))
    found = within(study.front, study.trials, settings, study.survey, ConstraintSettings(kv_cache_ratio=0.9))
    assert found.predicted == () and "only in a space that nas ships" in found.why_none_predicted


def test_where_nothing_is_known_one_line_says_so(study: Study) -> None:
    with pytest.raises(StudyError, match=r"^constraints: no trial of known keeps kv_cache_ratio 0.001. None of 1,024 "):
        study.within(kv_cache_ratio=0.001)


def test_without_full_attention_there_are_no_shares(study: Study) -> None:
    asked = ConstraintSettings(kv_cache_ratio=0.9)
    with pytest.raises(StudyError, match=r"^constraints: full attention, of which budgets are shares, did not finish"):
        within(study.front, study.trials[1:], study.settings, study.survey, asked)


def test_full_attention_that_broke_the_budgets_of_its_study_has_a_cost_all_the_same(study: Study) -> None:
    full, *others = study.trials
    asked = ConstraintSettings(kv_cache_ratio=0.6)
    over = [replace(full, state=TrialState.OVER_BUDGET), *others]
    found = within(study.front, over, study.settings, study.survey, asked)
    assert found.measured and found.measured == study.within(kv_cache_ratio=0.6).measured


def test_the_same_question_has_the_same_answer(study: Study) -> None:
    assert to_document(study.within(kv_cache_ratio=0.5)) == to_document(study.within(kv_cache_ratio=0.5))


def test_a_duplicate_and_a_trial_that_did_not_finish_are_left_out(study: Study) -> None:
    first = study.trials[-1]
    twin = replace(first, number=99, duplicate_of=first.number)
    found = within(
        study.front, (*study.trials, twin), study.settings, study.survey, ConstraintSettings(kv_cache_ratio=1.0)
    )
    assert 99 not in {one.trial for one in found.measured}
