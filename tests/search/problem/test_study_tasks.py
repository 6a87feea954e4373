"""Which tasks may share a study."""

import pytest

from nas.errors import InputError
from nas.results.study import settings_differences
from nas.search.problem.problem import make_problem
from nas.search.problem.study_tasks import make_tasks, settings_by_label
from nas.search.settings import StudySettings
from nas.tasks.synthetic.listops import ListopsSettings
from nas.tasks.synthetic.recall import RecallSettings
from nas.tasks.vision.image import ImageSettings

SMALL = RecallSettings(num_tokens=16, vocab_size=16, num_pairs=2, validation_sequences=2)
LONG = RecallSettings(num_tokens=32, vocab_size=16, num_pairs=2, validation_sequences=2)


def study(*tasks: object, **more: object) -> StudySettings:
    return StudySettings(task=tasks[0], extra_tasks=list(tasks[1:]), **more)  # type: ignore[arg-type]


def test_a_task_that_comes_again_has_a_number() -> None:
    assert list(settings_by_label(study(SMALL, LONG))) == ["recall", "recall2"]
    assert [task.num_tokens for task in make_tasks(study(SMALL, LONG)).values()] == [16, 32]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            study(SMALL, ListopsSettings()),
            r"^extra_tasks\[0\]: must be causal as the task recall is, got 'listops, which",
        ),
        (study(ListopsSettings(), ImageSettings()), r"^extra_tasks\[0\]: must have no grid as .* a grid of 8 rows"),
        (study(ImageSettings(), ListopsSettings()), r"^extra_tasks\[0\]: must have a grid of 8 rows and 8 columns"),
        (study(SMALL, LONG, SMALL), r"^extra_tasks\[1\]: must differ from the tasks before it, got 'recall'"),
    ],
)
def test_tasks_must_be_learnt_by_the_same_patterns(settings: StudySettings, said: str) -> None:
    with pytest.raises(InputError, match=said):
        make_tasks(settings)


def test_costs_are_those_of_the_first_task() -> None:
    problem = make_problem(study(SMALL, LONG))
    assert problem.full_cost.num_tokens == problem.shape.num_tokens == 16
    assert [objective.name for objective in problem.objectives][:2] == ["quality_recall", "quality_recall2"]


def test_a_grid_fixes_the_length_of_the_target() -> None:
    from nas.costs.target import proxy_target

    target = proxy_target(num_layers=2, num_heads=4, num_tokens=128)
    with pytest.raises(InputError, match=r"^target.num_tokens: must be 64, .* 8 x 8, got 128"):
        make_problem(study(ImageSettings(), target=target))
    assert make_problem(study(ImageSettings())).shape.grid == (8, 8)


def test_another_list_of_tasks_is_another_study() -> None:
    one, two = (study(SMALL, *extra).to_document() for extra in ([], [LONG]))
    (difference,) = settings_differences(one, two)
    assert difference.startswith("extra_tasks: was [], now [{'name': 'recall'")
