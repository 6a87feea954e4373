"""Studies that keep to `deployable_by`: their whole front can be exported for every target."""

from dataclasses import replace
from pathlib import Path

import pytest

from nas.export import export_points, whole_front
from nas.results.trial import TrialState
from nas.search.problem.deployment import deployment
from nas.search.problem.problem import Problem
from nas.search.storage.study_folder import StudyFolder
from nas.search_spaces.hybrid import Hybrid
from nas.search_spaces.streaming import Streaming
from nas.space.baselines import baselines_for
from nas.space.space import Space
from tests.toy_study import FakeExecutor


def _deployable(problem: Problem, space: Space, *names: str) -> Problem:
    targets = deployment(names)
    shape = replace(problem.shape, serving=targets.rules)
    return replace(
        problem,
        backbone=replace(problem.backbone, shape=shape),
        space=space,
        deployment=targets,
        baselines={name: one for name, one in baselines_for(space, shape).items() if targets.allows(one)},
    )


@pytest.mark.parametrize(
    ("space", "sampler"), [(Streaming(), name) for name in ("ehvi", "tpe", "random", "nsga2")] + [(Hybrid(), "ehvi")]
)
@pytest.mark.parametrize("names", [("vllm",), ("mlx-lm", "swaa", "tensorrt-llm")], ids=str)
def test_the_whole_front_exports_and_no_trial_is_wasted(
    start, problem, tmp_path: Path, names: tuple[str, ...], space: Space, sampler: str
):
    front = start(
        tmp_path / "study",
        FakeExecutor(),
        with_problem=_deployable(problem, space, *names),
        sampler=sampler,
        num_trials=10,
    )
    trials = StudyFolder(tmp_path / "study").trials()
    assert all(trial.state is not TrialState.IMPOSSIBLE for trial in trials)
    assert len(front.points) > 1
    for name in names:
        assert export_points(whole_front(front), name, tmp_path / name)
