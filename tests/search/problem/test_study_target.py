"""The target of a study: a named model, or the study's own with other options."""

from dataclasses import replace

import pytest

from nas.costs.target import Target, TargetOptions, proxy_target
from nas.errors import InputError
from nas.search.problem.problem import make_problem
from nas.search.problem.study_target import study_target
from nas.search.settings import ConstraintSettings, StudySettings
from nas.tasks.catalog import make_task
from nas.tasks.synthetic.recall import RecallSettings, RecallTask
from nas.tasks.vision.image import ImageSettings

RECALL = RecallSettings(num_tokens=32, validation_sequences=1)
TASK = RecallTask(RECALL)
OWN = proxy_target(num_layers=2, num_heads=4, num_tokens=32)


def chosen(target: Target | TargetOptions | None, tile_ratio: float | None = None) -> Target:
    constraints = ConstraintSettings(tile_ratio=tile_ratio)
    return study_target(StudySettings(task=RECALL, target=target, constraints=constraints), OWN, TASK)


def test_options_leave_the_sizes_to_the_studys_own_model() -> None:
    assert chosen(None) == OWN
    assert chosen(TargetOptions(block=4, phase="train")) == replace(OWN, block=4, phase="train")
    named = replace(OWN, name="other", num_layers=5)
    assert chosen(named) is named


def test_tiles_of_a_short_proxy_are_searched_with_a_smaller_block() -> None:
    settings = StudySettings(task=RECALL, target=TargetOptions(block=4), objectives=["quality", "tile_flops"])
    problem = make_problem(settings)
    assert problem.target.block == 4 and problem.full_cost.tiles == 2 * 4 * 8 * 9 // 2


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (None, r"one tile of 128 x 128 in each head, got '32 tokens'\. Lower target\.block, or"),
        (
            replace(OWN, block=24),
            r"target\.block=24 does not divide the length, got '32 tokens'\. Choose a block that does",
        ),
        (replace(OWN, num_tokens=2**24), r"are counted up to 2,097,152 tokens, got '16777216 tokens'\. Lower target\."),
    ],
)
def test_tiles_that_tell_nothing_are_too_many_or_do_not_fit_are_refused(target: Target | None, said: str) -> None:
    chosen(target)
    with pytest.raises(InputError, match=rf"^constraints\.tile_ratio: must leave tiles out, since .*{said}"):
        chosen(target, tile_ratio=0.5)


def test_tiles_of_a_grid_need_one() -> None:
    with pytest.raises(InputError, match=r"^target\.grid_tile: must be null, since the task has no grid .*\[2, 2\]"):
        chosen(TargetOptions(block=4, grid_tile=[2, 2]))
    grid = ImageSettings(source="shapes", side=16, validation_sequences=2)
    settings = StudySettings(
        task=grid, target=TargetOptions(block=24, grid_tile=[4, 6]), objectives=["quality", "tile_flops"]
    )
    task = make_task(grid)
    own = replace(OWN, num_tokens=task.num_tokens)
    assert task.num_tokens % 24 and study_target(settings, own, task).grid_tile == [4, 6]  # rectangles are padded
