"""A study whose qualities are projected: wide patterns learn slowly here, and end ahead."""

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from nas.proxy.member import Member
from nas.proxy.settings import TrainingSettings
from nas.results.front import Front
from nas.results.measurement import Measurement
from nas.search.problem.problem import Problem
from nas.search.scoring.objectives import make_objectives
from nas.search.scoring.projection import EXPONENT, projected
from nas.search.scoring.scores import make_scores
from nas.search.settings import FidelitySettings
from nas.search.storage.study_folder import StudyFolder
from tests.toy_study import NAMES, FakeExecutor, SilentTask, StartStudy, Stop, density, pretended

HORIZON = 40_000
NAME = "quality_projected"
HALVING = {"training": TrainingSettings(num_steps=400, num_rungs=3, batch_size=4), "num_trials": 16}


def slow_if_wide(member: Member, task: str, rung: int) -> Measurement:
    """Of two patterns the denser one ends lower, and at the last rung it is still higher."""
    dense = density(member.pattern)
    quality = 2.0 - 0.1 * dense + 10 * (1 + dense) * rung**-EXPONENT
    made = pretended(member, task, rung)
    return structs.replace(made, quality=quality + (member.seed % 1000) * 1e-3)


@pytest.fixture(scope="module")
def ahead(problem: Problem) -> Problem:
    scores = make_scores({"silent": SilentTask()}, [], {"silent": HORIZON})
    return replace(problem, scores=scores, objectives=make_objectives(NAMES, scores))


def search(start: StartStudy, folder: Path, problem: Problem, executor: FakeExecutor) -> Front:
    judged = FidelitySettings(num_patterns=3, times=2, num_seeds=1)
    return start(folder, executor, with_problem=problem, fidelity=judged, **HALVING)


def test_what_ends_ahead_is_on_the_front_and_what_leads_early_is_not_its_best(
    start: StartStudy, problem: Problem, ahead: Problem, tmp_path: Path
) -> None:
    measured = search(start, tmp_path / "measured", problem, FakeExecutor(measure=slow_if_wide))
    front = search(start, tmp_path / "projected", ahead, FakeExecutor(measure=slow_if_wide))
    full = front.baselines[0]
    assert full.baseline == "full" and full.on_front and front.points[0].trial == full.trial
    assert not measured.baselines[0].on_front
    assert front.leading.name == NAME and full.scores["quality"] > full.scores[NAME]


def test_what_a_projection_foresaw_reorders_nothing(
    start: StartStudy, problem: Problem, ahead: Problem, tmp_path: Path
) -> None:
    """These runs fall as the projection has it, so it is wrong nowhere; as measured, patterns move apart all the time.

    The first rung has none below it to project from.
    """
    measured = search(start, tmp_path / "measured", problem, FakeExecutor(measure=slow_if_wide)).reordering
    foreseen = search(start, tmp_path / "projected", ahead, FakeExecutor(measure=slow_if_wide)).reordering
    lengths = [(100, 200), (200, 400), (400, 800)]
    assert [(one.from_steps, one.to_steps) for one in measured] == lengths
    assert [(one.from_steps, one.to_steps) for one in foreseen] == lengths
    assert all(one.deviation > 1e-4 for one in (*measured, foreseen[0]))
    assert all(one.deviation == pytest.approx(0, abs=1e-9) and not one.per_doubling for one in foreseen[1:])


def test_every_seed_is_projected_from_the_rung_below(start: StartStudy, ahead: Problem, tmp_path: Path) -> None:
    executor = FakeExecutor(measure=slow_if_wide)
    front = search(start, tmp_path / "study", ahead, executor)
    for entry in (front.baselines[0], *front.points):
        rungs = {(seed, rung) for trial, seed, rung in executor.rungs if trial == entry.trial}
        assert {(1, 200), (1, 400)} <= rungs and (1, 100) not in rungs
        curves = {
            seed: [
                slow_if_wide(Member(pattern=entry.pattern, seed=seed, learning_rate=1e-3), "silent", rung).quality
                for rung in (200, 400)
            ]
            for seed in (0, 1)
        }
        expected = [projected((200, before), (400, after), HORIZON) for before, after in curves.values()]
        assert entry.values[NAME] == pytest.approx(sum(expected) / 2)
        assert entry.gain_of_last_rung[NAME] == pytest.approx(curves[0][0] - curves[0][1])


def test_long_runs_judge_by_what_they_measured(start: StartStudy, ahead: Problem, tmp_path: Path) -> None:
    front = search(start, tmp_path / "study", ahead, FakeExecutor(measure=slow_if_wide))
    assert front.fidelity is not None
    trials = {trial.number: trial for trial in StudyFolder(tmp_path / "study").trials()}
    for run in front.fidelity.objectives[NAME].patterns:
        (long,) = [one for one in trials[run.trial].measurements if one.step == 800]
        assert run.long == long.quality


@pytest.mark.parametrize("stop_after", [3, 20, 30])
def test_a_stopped_study_ends_in_the_same_front(
    start: StartStudy, ahead: Problem, tmp_path: Path, stop_after: int
) -> None:
    search(start, tmp_path / "whole", ahead, FakeExecutor(measure=slow_if_wide))
    with pytest.raises(Stop):
        search(start, tmp_path / "study", ahead, FakeExecutor(measure=slow_if_wide, stop_after=stop_after))
    search(start, tmp_path / "study", ahead, FakeExecutor(measure=slow_if_wide))
    assert (tmp_path / "study/front.json").read_bytes() == (tmp_path / "whole/front.json").read_bytes()
