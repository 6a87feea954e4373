"""Studies over two tasks: what a study over one promises, and what their qualities become."""

import csv
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from msgspec import structs

from nas.export import choose_best
from nas.export.bundle.readme import readme
from nas.proxy.member import Member
from nas.proxy.settings import TrainingSettings
from nas.results.codec import to_document
from nas.results.front import Front
from nas.results.measurement import Measurement, Outcome
from nas.results.objective import Objective
from nas.results.observer import StudyInfo
from nas.results.proposal import Proposal, Suggestion
from nas.results.trial import Trial, TrialState
from nas.search.concurrency import Concurrency
from nas.search.problem.problem import Problem
from nas.search.scheduler.forecast import Forecast
from nas.search.settings import ConstraintSettings, StudySettings
from nas.search.storage.study_folder import StudyFolder
from nas.search.trial_store import TrialStore
from nas.space.load import load_space
from nas.statistics.ranks import rank_shares
from nas.tracking.runs.study import study_run
from nas.tracking.runs.trial import trial_run
from tests.records import make_record
from tests.toy_study import FakeExecutor, StartStudy, Stop, over_two, pretended


class Ended(NamedTuple):
    """A study over two tasks that has ended."""

    problem: Problem
    folder: StudyFolder
    front: Front
    trained: list[tuple[int, int]]

    @property
    def finished(self) -> list[Trial]:
        return [trial for trial in self.folder.trials() if trial.state is TrialState.FINISHED]


@pytest.fixture(scope="module", params=["separate", "mean_rank"])
def ended(
    start: StartStudy, problem: Problem, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Ended:
    two, executor, path = over_two(problem, request.param), FakeExecutor(), tmp_path_factory.mktemp("two") / "toy"
    budget = {"flops_ratio": 0.6}
    wanted = {"num_trials": 24, "sampler": "random", "constraints": budget, "with_database": True}
    front = start(path, executor, with_problem=two, **wanted)
    return Ended(two, StudyFolder(path), front, executor.trained)


@pytest.mark.parametrize(("how", "sampler"), [("separate", "nsga2"), ("mean_rank", "tpe")])
def test_a_study_stopped_anywhere_comes_out_the_same(
    start: StartStudy, problem: Problem, tmp_path: Path, how: str, sampler: str
) -> None:
    two, whole = over_two(problem, how), FakeExecutor()
    start(tmp_path / "whole", whole, with_problem=two, sampler=sampler)
    for stop_after in range(3, len(whole.trained), len(whole.trained) // 3):
        folder = tmp_path / f"stopped-{stop_after}"
        before, after = FakeExecutor(stop_after=stop_after), FakeExecutor(random.Random(1))
        with pytest.raises(Stop):
            start(folder, before, with_problem=two, sampler=sampler)
        start(folder, after, with_problem=two, sampler=sampler)
        assert (folder / "front.json").read_bytes() == (tmp_path / "whole" / "front.json").read_bytes()
        assert Counter(before.trained + after.trained) == Counter(whole.trained)


def test_the_order_in_which_trainings_end_changes_nothing(start: StartStudy, problem: Problem, tmp_path: Path) -> None:
    two, concurrency = over_two(problem, "mean_rank"), Concurrency(num_workers=2, cohort_size=2)
    fronts = [
        start(tmp_path / str(seed), FakeExecutor(random.Random(seed)), concurrency=concurrency, with_problem=two)
        for seed in (0, 1)
    ]
    assert to_document(fronts[0]) == to_document(fronts[1])
    one, other = (StudyFolder(tmp_path / name).trials() for name in ("0", "1"))
    assert [trial.values for trial in one] == [trial.values for trial in other]


def test_every_trial_is_trained_once_on_every_task_and_confirmed_on_both(ended: Ended) -> None:
    assert set(Counter(ended.trained).values()) == {2}
    files = {path.name for path in ended.folder.trial_path(0).glob("seed-*")}
    assert files == {f"seed-{seed}-{task}-0000400.json" for seed in (0, 1) for task in ("silent", "narrow")}
    for entry in ended.front.points:
        assert entry.seeds == (0, 1)
        assert all(entry.spread[name] > 0 for name in ("quality_silent", "quality_narrow", "quality_narrow_2x"))


def test_every_task_weighs_as_asked(ended: Ended) -> None:
    """Separate qualities are themselves; a mean rank is that among all trials that were trained, over both tasks."""
    trained = [trial for trial in ended.folder.trials() if trial.scores and trial.duplicate_of is None]
    silent = rank_shares([trial.scores["quality_silent"] for trial in trained], "minimize")
    narrow = rank_shares([trial.scores["quality_narrow"] for trial in trained], "maximize")
    ranks = {trial.number: (a + b) / 2 for trial, a, b in zip(trained, silent, narrow, strict=True)}
    goals = {goal.name: goal.direction for goal in ended.front.objectives}
    if "quality" in goals:
        assert {trial.number: trial.values["quality"] for trial in trained} == pytest.approx(ranks)
        assert ended.front.objectives[0] == Objective(name="quality", unit="mean rank", direction="minimize")
    else:
        assert (goals["quality_silent"], goals["quality_narrow"]) == ("minimize", "maximize")
        assert all(
            trial.values.items() >= {n: trial.scores[n] for n in goals if n in trial.scores}.items()
            for trial in trained
        )
    for point in ended.front.points:
        assert point.values == ended.folder.trial(point.trial).values
        assert {"quality_silent", "quality_narrow", "quality_silent_2x"} <= point.scores.keys()


def test_over_budget_baselines_are_valued_and_sampled_ones_are_not_trained(ended: Ended) -> None:
    over = [trial for trial in ended.folder.trials() if trial.state is TrialState.OVER_BUDGET]
    assert {trial.baseline is not None for trial in over} == {True, False}
    for trial in over:
        assert bool(trial.values) == (trial.baseline is not None)
        assert (trial.number in {number for number, _ in ended.trained}) == (trial.baseline is not None)
    assert all(point.ratio_to_full["attention_flops"] <= 0.6 for point in ended.front.points)


def test_points_of_several_tasks_have_their_probabilities(ended: Ended) -> None:
    chances = [point.front_probability for point in ended.front.points]
    assert all(0 < chance <= 1 for chance in chances) and len(set(chances)) > 1


def test_the_hypervolume_never_shrinks(ended: Ended) -> None:
    volumes = [volume for _, volume in ended.front.hypervolume_by_trial]
    assert volumes == sorted(volumes) and volumes[-1] == 1.0


def test_the_table_and_the_tracker_have_every_score(ended: Ended) -> None:
    front, trials = ended.front, ended.folder.trials()
    info = StudyInfo(
        name="study",
        folder=ended.folder.path,
        settings=StudySettings().to_document(),
        objectives=front.objectives,
        scores=front.scores,
    )
    rows = list(csv.DictReader((ended.folder.path / "front.csv").read_text().splitlines()))
    run, table = trial_run(info, trials[0]), study_run(info, make_record(front, trials)).tables["front"]
    for row, point, tracked in zip(rows, front.points, table.rows, strict=False):
        for name, value in (point.scores | point.values).items():
            assert float(row[name]) == value == tracked[table.columns.index(name)]
    assert run.summary.items() >= (trials[0].scores | trials[0].values).items()
    assert {"narrow/quality", "silent/quality", "narrow/seed1/quality"} <= run.history[0][1].keys()


def test_an_export_says_what_every_task_showed(ended: Ended) -> None:
    point = choose_best(ended.front, "knee")
    entry = next(entry for entry in ended.front.points if entry.trial == point.provenance.trial)
    assert point.provenance.values == entry.scores | entry.values
    assert point.provenance.made_with.extra_tasks["narrow"].task_fingerprint == "22"
    text = readme(point.provenance, point.pattern, "")
    assert all(f"| {score.name} | " in text for score in ended.front.scores)


def test_a_duplicate_has_the_values_of_its_original(start: StartStudy, problem: Problem, tmp_path: Path) -> None:
    small = load_space("search_spaces.uniform:Uniform", {"window_tokens": [8, 16], "second_kind": ["full"]})
    two = replace(over_two(problem, "mean_rank"), space=small)
    start(tmp_path / "study", FakeExecutor(), with_problem=two, sampler="random")
    trials = StudyFolder(tmp_path / "study").trials()
    copies = [trial for trial in trials if trial.duplicate_of is not None]
    assert copies
    for trial in copies:
        original = trials[trial.duplicate_of or 0]
        assert (trial.values, trial.scores) == (original.values, original.scores)


def test_a_longer_length_can_be_weighed(start: StartStudy, problem: Problem, tmp_path: Path) -> None:
    weighed = over_two(problem, "mean_rank", "quality_2x")
    front = start(tmp_path / "study", FakeExecutor(), with_problem=weighed, num_trials=4)
    for point in front.points:
        assert point.values["quality_2x"] == pytest.approx(point.values["quality"])  # 0.1 more for all


def failing_on(task: str) -> Any:
    def measure(member: Member, label: str, rung: int) -> Measurement:
        good = pretended(member, label, rung)
        if label == task and int(member.pattern.id, 16) % 3:
            return structs.replace(good, outcome=Outcome.DIVERGED, quality=None, train_loss=None, longer=())
        return good

    return measure


def test_a_trial_that_fails_on_one_task_fails(start: StartStudy, problem: Problem, tmp_path: Path) -> None:
    two = over_two(problem, "mean_rank")
    start(tmp_path / "study", FakeExecutor(measure=failing_on("narrow")), with_problem=two, num_trials=4)
    failed = [trial for trial in StudyFolder(tmp_path / "study").trials() if trial.state is TrialState.DIVERGED]
    assert failed
    for trial in failed:
        assert trial.values == {} and trial.reason == "the loss or a gradient was no longer finite on narrow"


def test_a_mean_rank_with_rungs_ranks_everybody_however_far_they_were_trained(
    start: StartStudy, problem: Problem, tmp_path: Path
) -> None:
    """The forecast of a stopped trial and the result of a finished one stand in one ranking of all."""
    two, training = over_two(problem, "mean_rank"), TrainingSettings(num_steps=400, num_rungs=3)
    fronts = [
        start(
            tmp_path / str(seed), FakeExecutor(random.Random(seed)), with_problem=two, num_trials=20, training=training
        )
        for seed in (0, 1)
    ]
    assert to_document(fronts[0]) == to_document(fronts[1])
    assert fronts[0].points and fronts[0].trials[TrialState.STOPPED]
    trials = StudyFolder(tmp_path / "0").trials()
    store = TrialStore(two, ConstraintSettings(), (100, 200, 400))
    for trial in trials:
        store.enter(Proposal(suggestion=Suggestion(), pattern=trial.pattern, flaw="", baseline=trial.baseline))
        for step in sorted({one.step for one in trial.measurements}):
            own = [one for one in trial.measurements if (one.step, one.seed) == (step, 0)]
            if trial.duplicate_of is None:
                store.advance(trial.number, step, own)
    ranks = [values["quality"] for values in Forecast(two, store, (100, 200, 400)).values.values()]
    # Ranks among all of them, from 0 to 1, average one half.
    assert len(ranks) == sum(trial.duplicate_of is None for trial in trials)
    assert sum(ranks) / len(ranks) == pytest.approx(0.5)
