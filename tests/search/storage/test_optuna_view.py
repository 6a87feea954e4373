"""What Optuna is shown of a trial follows from the folder alone."""

from pathlib import Path
from typing import Any

import optuna
import pytest
from msgspec.structs import replace
from optuna.trial import TrialState as OptunaState

from nas.results.measurement import Measurement, Outcome
from nas.results.proposal import Proposal, Suggestion
from nas.results.trial import TrialState
from nas.search.problem.problem import Problem
from nas.search.settings import ConstraintSettings, StudySettings
from nas.search.storage.optuna_view import OptunaView
from nas.search.storage.study_folder import StudyFolder
from tests.toy_study import NAMES, RUNGS, FakeExecutor, StartStudy, Stop, trained_store


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    return StudyFolder(tmp_path / "toy")


def view_of(folder: StudyFolder, problem: Problem) -> OptunaView:
    return OptunaView(folder, tuple(goal.objective for goal in problem.objectives))


def write(folder: StudyFolder, problem: Problem, reached: list[int], ended: bool = False, **changes: Any) -> OptunaView:
    """A folder with trials that reached this many rungs each, the first as if it were full attention."""
    store = trained_store(problem, reached)
    folder.write_settings(StudySettings(**changes).to_document())
    for trial in store.trials:
        folder.write_proposal(trial.number, Proposal(suggestion=Suggestion(), pattern=trial.pattern, flaw=""))
        folder.write_trial(trial if trial.number else replace(trial, baseline="full"))
    if ended:
        (folder.path / "front.json").touch()
    return view_of(folder, problem)


def attributes(rows: Any, whose: str = "user") -> dict[str, str]:
    return dict(rows.tables[f"trial_{whose}_attributes"])


def test_a_finished_trial_is_complete_with_its_values_and_rungs(folder: StudyFolder, problem: Problem) -> None:
    view = write(folder, problem, [3, 3])
    trial, rows = folder.read_trial(1), view.rows(1)
    assert rows is not None and rows.state == "COMPLETE"
    assert [value for _, value, _ in rows.tables["trial_values"]] == [trial.values[name] for name in NAMES]
    measured = [(one.step, one.quality, "FINITE") for one in trial.measurements]
    assert rows.tables["trial_intermediate_values"] == measured and [step for step, *_ in measured] == list(RUNGS)
    about = attributes(rows)
    assert about["state"] == '"finished"' and about["pattern_id"] == f'"{trial.pattern.id}"'
    assert about["pattern"].startswith('"L0')
    assert rows.started <= rows.ended


@pytest.mark.parametrize(("ended", "state"), [(False, "RUNNING"), (True, "PRUNED")])
def test_a_stopped_trial_is_running_until_the_study_has_ended(
    folder: StudyFolder, problem: Problem, ended: bool, state: str
) -> None:
    rows = write(folder, problem, [3, 1], ended=ended).rows(1)
    assert rows.state == state and rows.tables["trial_values"] == []
    assert len(rows.tables["trial_intermediate_values"]) == 1
    assert (rows.ended is None) == (state == "RUNNING")


def test_a_trial_that_is_only_proposed_is_running(folder: StudyFolder, problem: Problem) -> None:
    view = write(folder, problem, [3, 1])
    assert view.rows(2) is None and view.numbers() == range(2)
    folder.write_proposal(2, Proposal(suggestion=Suggestion(), pattern=folder.read_trial(1).pattern, flaw=""))
    rows = view.rows(2)
    assert rows.state == "RUNNING" and view.numbers() == range(3)
    assert rows.tables["trial_system_attributes"] == []


@pytest.mark.parametrize(
    ("known", "state"),
    [
        (TrialState.FAILED, "FAIL"),
        (TrialState.OUT_OF_MEMORY, "FAIL"),
        (TrialState.DIVERGED, "FAIL"),
        (TrialState.IMPOSSIBLE, "PRUNED"),
        (TrialState.OVER_BUDGET, "PRUNED"),
    ],
)
def test_what_has_no_values_is_given_none(folder: StudyFolder, problem: Problem, known: TrialState, state: str) -> None:
    view = write(folder, problem, [3, 1])
    trial = replace(folder.read_trial(1), state=known, scores={}, values={}, reason="so it is", measurements=())
    folder.write_trial(trial)
    rows = view.rows(1)
    assert rows.state == state and rows.tables["trial_values"] == []
    assert attributes(rows)["reason"] == '"so it is"'
    failed = attributes(rows, "system")["constraints:trained"]
    assert (failed == "1.0") == (known is not TrialState.OVER_BUDGET)


def test_what_a_database_has_is_shown_again_only_when_something_has_changed(
    folder: StudyFolder, problem: Problem
) -> None:
    view = write(folder, problem, [3, 1])
    known = {number: view.rows(number).digest for number in (0, 1)}
    for _ in range(2):
        assert [view.rows(number, digest) for number, digest in known.items()] == [None, None]
    assert view.rows(1, known[0]) is not None, "the database has something else"
    path = folder.trial_path(0) / "trial.json"
    path.write_text(path.read_text().replace('"reason": ""', '"reason": "edited"'))
    assert attributes(view.rows(0, known[0]))["reason"] == '"edited"'
    assert view.rows(1, known[1]) is None
    (folder.path / "front.json").touch()
    assert view.rows(1, known[1]).state == "PRUNED", "its own files are as they were"


def test_a_duplicate_is_what_its_original_is(folder: StudyFolder, problem: Problem) -> None:
    view = write(folder, problem, [3, 1])
    for original, state in ((0, "COMPLETE"), (1, "RUNNING")):
        trial = folder.read_trial(original)
        folder.write_proposal(2, Proposal(suggestion=Suggestion(), pattern=trial.pattern, flaw=""))
        folder.write_trial(replace(trial, number=2, state=TrialState.DUPLICATE, duplicate_of=original, baseline=None))
        assert view.rows(2).state == state


def test_a_duplicate_that_has_no_values_yet_is_running(folder: StudyFolder, problem: Problem) -> None:
    """It is proposed after its original has ended, and written down with its values later."""
    view = write(folder, problem, [3, 1])
    trial = folder.read_trial(0)
    folder.write_proposal(2, Proposal(suggestion=Suggestion(), pattern=trial.pattern, flaw=""))
    known = replace(trial, number=2, state=TrialState.DUPLICATE, duplicate_of=0, baseline=None)
    for values, state in (({}, "RUNNING"), (trial.values, "COMPLETE")):
        folder.write_trial(replace(known, values=values))
        assert view.rows(2).state == state


def test_budgets_are_constraints_as_shares_of_full_attention(folder: StudyFolder, problem: Problem) -> None:
    view = write(folder, problem, [3, 3], constraints=ConstraintSettings(flops_ratio=0.25))
    full, trial = folder.read_trial(0), folder.read_trial(1)
    found = attributes(view.rows(1), "system")["constraints:flops_ratio"]
    assert float(found) == trial.costs["flops"] / full.costs["flops"] - 0.25


def test_a_rung_is_the_mean_over_the_seeds_that_finished(folder: StudyFolder, problem: Problem) -> None:
    view = write(folder, problem, [1, 1])
    trial = folder.read_trial(1)
    (first,) = trial.measurements
    lost = Measurement.unfinished(2, 1e-3, first.step, Outcome.DIVERGED)
    more = (replace(first, seed=1, quality=first.quality + 1), lost, replace(first, task="other", quality=9.0))
    folder.write_trial(replace(trial, measurements=(first, *more)))
    assert view.rows(1).tables["trial_intermediate_values"] == [(first.step, first.quality + 0.5, "FINITE")]


def test_a_search_and_its_folder_say_the_same_and_optuna_reads_it(start: StartStudy, tmp_path: Path) -> None:
    """Also after it was stopped somewhere, in which case what was under way is running."""
    folder = StudyFolder(tmp_path / "study")
    with pytest.raises(Stop):
        start(folder.path, FakeExecutor(stop_after=9), with_database=True)
    stopped = optuna.load_study(study_name="study", storage=f"sqlite:///{folder.database}")
    assert {trial.state for trial in stopped.trials} == {OptunaState.COMPLETE, OptunaState.RUNNING}
    front = start(folder.path, FakeExecutor(), with_database=True)
    study = optuna.load_study(study_name="study", storage=f"sqlite:///{folder.database}")
    assert study.metric_names == [objective.name for objective in front.objectives]
    told = [(trial.number, trial.values) for trial in study.trials]
    assert told == [(trial.number, [trial.values[name] for name in NAMES]) for trial in folder.trials()]
    assert {trial.user_attrs["pattern_id"] for trial in study.best_trials} & {one.pattern_id for one in front.points}
