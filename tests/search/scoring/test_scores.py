"""Scores: their names, and how they are read from measurements."""

import pytest
from msgspec.structs import replace

from nas.results.measurement import LengthQuality, Measurement, Outcome, PartQuality
from nas.search.scoring.projection import projected
from nas.search.scoring.scores import as_measured, confirmed_rungs, make_scores, mean_scores, scores_by_seed
from nas.tasks.task import Metric
from tests.toy_study import SilentTask


class Fixed(SilentTask):
    """A task of one length, of which more is better."""

    metric = Metric("accuracy", "share", "maximize")
    chance = 0.1

    def longer(self, times: int) -> None:
        return None


class InParts(SilentTask):
    """A task of two parts."""

    parts = {"near": SilentTask(), "far": SilentTask()}  # noqa: RUF012


ONE, TWO = {"silent": SilentTask()}, {"silent": SilentTask(), "fixed": Fixed()}


def measurement(task: str, seed: int, quality: float | None, *longer: float) -> Measurement:
    return Measurement(
        seed=seed,
        learning_rate=1e-3,
        step=100,
        outcome=Outcome.DIVERGED if quality is None else Outcome.FINISHED,
        quality=quality,
        train_loss=quality,
        wall_seconds=0.0,
        task=task,
        longer=tuple(LengthQuality(times=2 + i, num_tokens=16, quality=value) for i, value in enumerate(longer)),
    )


def test_the_scores_of_one_task_have_plain_names() -> None:
    assert [score.name for score in make_scores(ONE, [4, 2])] == ["quality", "quality_2x", "quality_4x"]


def test_the_scores_of_several_tasks_are_named_after_them() -> None:
    scores = make_scores(TWO, [2])
    assert [score.name for score in scores] == ["quality_silent", "quality_fixed", "quality_silent_2x"]
    assert [(score.unit, score.direction, score.chance, score.times) for score in scores] == [
        ("bits per byte", "minimize", 4.0, 1),
        ("share", "maximize", 0.1, 1),
        ("bits per byte", "minimize", 4.0, 2),
    ]


def test_a_part_has_a_score_of_its_own() -> None:
    scores = make_scores({"silent": InParts()}, [2])
    assert [(score.name, score.part) for score in scores] == [
        ("quality", ""),
        ("quality_near", "near"),
        ("quality_far", "far"),
        ("quality_2x", ""),
    ]
    parts = (PartQuality(name="far", quality=3.0), PartQuality(name="near", quality=1.0))
    whole = replace(measurement("silent", 0, 2.0, 2.2), parts=parts)
    assert scores_by_seed([whole], scores, 100) == {
        0: {"quality": 2.0, "quality_near": 1.0, "quality_far": 3.0, "quality_2x": 2.2}
    }


def test_a_length_that_was_not_measured_has_no_score() -> None:
    assert scores_by_seed([measurement("silent", 7, 2.0)], make_scores(ONE, [2]), 100) == {7: {"quality": 2.0}}


def test_a_mean_is_taken_over_the_seeds_that_have_the_score() -> None:
    assert mean_scores({0: {"quality": 2.0}, 1: {"quality": 3.0, "quality_2x": 5.0}}) == {
        "quality": 2.5,
        "quality_2x": 5.0,
    }
    assert mean_scores({}) == {}


def test_a_seed_counts_if_every_task_ended_well() -> None:
    measured = [
        measurement("silent", 0, 2.0, 2.2),
        measurement("fixed", 0, 0.5),
        measurement("silent", 1, 3.0, 3.4),
        measurement("fixed", 1, None),
        measurement("fixed", 2, 0.7),
        measurement("silent", 2, 4.0, 4.2),
    ]
    measured += [replace(one, step=50, outcome=Outcome.FINISHED, quality=9.0) for one in measured]  # an earlier rung
    by_seed = scores_by_seed(measured, make_scores(TWO, [2]), 100)
    assert by_seed == {
        0: {"quality_silent": 2.0, "quality_fixed": 0.5, "quality_silent_2x": 2.2},
        2: {"quality_silent": 4.0, "quality_fixed": 0.7, "quality_silent_2x": 4.2},
    }
    assert mean_scores(by_seed) == pytest.approx({"quality_silent": 3, "quality_fixed": 0.6, "quality_silent_2x": 3.2})


def test_a_projection_goes_on_from_the_rung_below_of_the_same_seed() -> None:
    scores = make_scores(ONE, [], {"silent": 400})
    assert [(score.name, score.projected_to) for score in scores] == [("quality", None), ("quality_projected", 400)]
    lower = [replace(measurement("silent", seed, 3.0 + seed), step=50) for seed in (0, 1)]
    lowest = replace(measurement("silent", 0, 9.0), step=25)
    upper = [measurement("silent", seed, 2.0) for seed in (0, 1, 2)]
    by_seed = scores_by_seed([*upper, *lower, lowest], scores, 100)
    assert [by_seed[seed]["quality"] for seed in (0, 1, 2)] == [2.0, 2.0, 2.0]
    assert [by_seed[seed]["quality_projected"] for seed in (0, 1)] == [
        projected((50, 3.0 + seed), (100, 2.0), 400) for seed in (0, 1)
    ]
    assert by_seed[2]["quality_projected"] == 2.0  # no rung below
    assert scores_by_seed([*upper, *lower], scores, 50)[0] == {"quality": 3.0, "quality_projected": 3.0}


def test_as_measured_a_projection_is_what_it_goes_on_from() -> None:
    scores = [as_measured(score) for score in make_scores(ONE, [], {"silent": 400})]
    curve = [replace(measurement("silent", 0, 3.0), step=50), measurement("silent", 0, 2.0)]
    assert scores_by_seed(curve, scores, 100) == {0: {"quality": 2.0, "quality_projected": 2.0}}


def test_fresh_seeds_have_the_rung_below_where_something_is_projected() -> None:
    assert confirmed_rungs(make_scores(ONE, []), (240, 480, 960)) == (960,)
    assert confirmed_rungs(make_scores(ONE, [], {"silent": 4000}), (240, 480, 960)) == (480, 960)
