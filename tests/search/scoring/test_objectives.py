"""Objectives: their names, and the value of each for every trial."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from nas.errors import InputError
from nas.results.cost import Cost
from nas.results.objective import Objective, cost_values
from nas.search.scoring.objectives import make_objectives, values_by_trial, worst_values
from nas.search.scoring.scores import make_scores
from nas.tasks.task import Metric
from tests.toy_study import SilentTask

COST = Cost(
    num_tokens=8,
    pairs=1,
    tiles=1,
    attention_flops=100,
    tile_flops=150,
    forward_flops=200,
    train_flops=600,
    decode_pairs=1,
    kv_cache_bytes=64,
    activation_bytes=1,
    num_parameters=1,
)


class Fixed(SilentTask):
    """A task of one length, of which more is better."""

    metric = Metric("accuracy", "share", "maximize")
    chance = 0.1

    def longer(self, times: int) -> None:
        return None


ONE, TWO = {"silent": SilentTask()}, {"silent": SilentTask(), "fixed": Fixed()}


def names(tasks: Any, asked: Sequence[str], lengths: Sequence[int] = (), how: Any = "separate") -> list[str]:
    return [objective.name for objective in make_objectives(asked, make_scores(tasks, lengths), how)]


def test_one_task_has_plain_names() -> None:
    assert names(ONE, ["quality_4x", "flops", "quality"], [2, 4]) == ["quality_4x", "flops", "quality"]
    assert names(ONE, ["quality", "flops"], how="mean_rank") == ["quality", "flops"]


def test_several_tasks_have_an_objective_each_or_one_for_all() -> None:
    scores = make_scores(TWO, [2])
    assert names(TWO, ["quality", "flops"]) == ["quality_silent", "quality_fixed", "flops"]
    quality, _ = make_objectives(["quality", "flops"], scores, "mean_rank")
    assert quality.objective == Objective(name="quality", unit="mean rank", direction="minimize")


def test_a_length_that_a_task_cannot_have_is_no_objective() -> None:
    with pytest.raises(
        InputError, match=r"^objectives: must .*; fixed has no sequences 2 times as long, got 'quality_2x'"
    ):
        names(TWO, ["quality_2x", "flops"], [2])


def test_a_length_that_a_pattern_cannot_have_counts_as_chance() -> None:
    objectives = make_objectives(["quality_2x", "flops"], make_scores(ONE, [2]))
    scores = {0: {"quality": 2.0, "quality_2x": 2.5}, 7: {"quality": 1.0}}
    costs = {0: cost_values(COST), 7: cost_values(replace(COST, attention_flops=50))}
    assert values_by_trial(objectives, scores, costs) == {
        0: {"quality_2x": 2.5, "flops": 100.0},
        7: {"quality_2x": SilentTask.chance, "flops": 50.0},
    }


def test_the_mean_rank_weighs_every_task_alike() -> None:
    objectives = make_objectives(["quality", "flops"], make_scores(TWO, []), "mean_rank")
    scores = {
        3: {"quality_silent": 1.0, "quality_fixed": 0.2},  # ranks 0 and 1
        4: {"quality_silent": 1.1, "quality_fixed": 0.9},  # 1/2 and 0
        5: {"quality_silent": 9.0, "quality_fixed": 0.8},  # 1 and 1/2
    }
    values = values_by_trial(objectives, scores, dict.fromkeys(scores, cost_values(COST)))
    assert {number: own["quality"] for number, own in values.items()} == {3: 0.5, 4: 0.25, 5: 0.75}
    assert worst_values(objectives, cost_values(COST)) == {"quality": 1.0, "flops": 100.0}


def test_what_cannot_be_trained_is_told_at_chance() -> None:
    objectives = make_objectives(["quality", "flops"], make_scores(TWO, []))
    assert worst_values(objectives, cost_values(COST)) == {"quality_silent": 4.0, "quality_fixed": 0.1, "flops": 100.0}


def test_a_quality_is_the_projection_where_there_is_one() -> None:
    scores = make_scores(TWO, [], {"silent": 400})
    found = make_objectives(["quality", "flops"], scores)
    assert [goal.name for goal in found] == ["quality_fixed", "quality_silent_projected", "flops"]
    ranks, _ = make_objectives(["quality", "flops"], scores, "mean_rank")
    assert [score.name for score in ranks.scores] == ["quality_fixed", "quality_silent_projected"]
    ahead = make_objectives(["quality_2x", "quality"], make_scores(ONE, [2], {"silent": 400}))
    assert [goal.name for goal in ahead] == ["quality_2x", "quality_projected"]
