"""Studies replayed by the product's own driver."""

from pathlib import Path

from search_methods.catalog import methods_for
from search_methods.driven import driven
from search_methods.truth import load

TABLE = Path(__file__).parents[3] / "tables" / "tabular-text.jsonl"
MAKE, OPTIONS = methods_for((240, 480, 960, 1920, 3840))["make search"]


def test_seeds_in_turn_are_other_measurements_of_what_is_searched() -> None:
    alone = MAKE(TABLE, 8, 0, **OPTIONS, num_trials=8)
    assert driven(TABLE, 8, 0, num_seeds=1, **OPTIONS, num_trials=8) == alone
    spread = driven(TABLE, 8, 0, num_seeds=2, **OPTIONS, num_trials=8)
    assert spread != alone and spread.moments[-1].flops > 0


def test_a_projected_horizon_costs_a_tenth_more_and_sees_other_scores() -> None:
    _, _, truth = load(TABLE)
    measured, ahead = (
        driven(TABLE, 0, 0, sampler="random", num_steps=960, project=project, num_rungs=1, num_trials=8)
        for project in (False, True)
    )
    assert ahead.moments[-1].flops / measured.moments[-1].flops == 1.1
    assert measured.tau != ahead.tau and truth.share(ahead.moments[-1].ids) > 0


def test_one_at_a_time_every_ask_knows_all_results() -> None:
    """What is drawn at random is not changed by it; what a model proposes is, once there is one."""
    both = [
        [
            driven(TABLE, 8, 0, sampler=name, num_steps=960, num_rungs=1, num_trials=10, one_at_a_time=alone)
            for alone in (False, True)
        ]
        for name in ("random", "ehvi")
    ]
    (random, random_alone), (ehvi, ehvi_alone) = both
    assert random.moments[-1] == random_alone.moments[-1]
    assert ehvi.moments[-1] != ehvi_alone.moments[-1] and len(ehvi.moments) == len(ehvi_alone.moments) == 10
