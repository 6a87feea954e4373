"""Every search method, on the shipped table."""

from pathlib import Path

import pytest
from search_methods.catalog import MOST_SEARCHES_OF_GP, at_horizon, methods_for, num_searches
from search_methods.truth import load

from nas.config.load import load_settings

TABLE = Path(__file__).parents[3] / "tables" / "tabular-text.jsonl"
RUNGS = (240, 480, 960, 1920, 3840)
METHODS = methods_for(RUNGS)
LONGER = (*(f" x {rung:,}" for rung in RUNGS[1:]), *(f" x {rung:,}, projected" for rung in RUNGS[2:]))
ONCE = [name for name in METHODS if not name.endswith((*LONGER, "24 patterns"))]
SLOW = [name for name in ONCE if num_searches(name, 99) < 99]


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in ONCE])
def test_every_method_pays_for_what_it_trains(name: str) -> None:
    make, options = METHODS[name]
    options = options | {"num_trials": 32 if "MO-ASHA" in name else 12 if "GP" in name else 8}
    search = make(TABLE, 0, 0, **options)
    spent = [moment.flops for moment in search.moments]
    assert spent == sorted(spent) and (spent[0] > 0) != ("untrained" in name)
    _, _, truth = load(TABLE)
    assert all(set(moment.ids) <= set(truth.values) for moment in search.moments)
    assert search.tau is None or -1 <= search.tau <= 1
    assert (search.tau is None) == ("untrained" in name)
    assert make(TABLE, 0, 0, **options) == search


@pytest.mark.parametrize("rung", RUNGS)
def test_a_horizon_is_what_every_pattern_is_trained_to(rung: int) -> None:
    _, _, truth = load(TABLE)
    make, options = METHODS[at_horizon("random", rung)]
    search = make(TABLE, 0, 1, **options, num_trials=6)
    steps = search.moments[-1].flops / truth.full_run_flops * RUNGS[-1] / len(search.moments)
    assert steps == pytest.approx(rung, rel=0.2)  # patterns differ in FLOPs


def test_make_search_is_what_the_preset_does() -> None:
    (preset,) = load_settings([])
    _, options = METHODS["make search, 24 patterns"]
    training = preset.training
    assert options == {
        "sampler": preset.sampler,
        "num_rungs": training.num_rungs,
        "num_steps": training.num_steps,
        "num_trials": preset.num_trials,
    }


def test_a_table_of_fewer_rungs_has_its_own_horizons() -> None:
    methods = methods_for((100, 400))
    assert at_horizon("ehvi", 400) in methods and at_horizon("ehvi", 240) not in methods


def test_slow_methods_are_searched_with_less_often() -> None:
    assert num_searches("Optuna GP x 960", 20) == MOST_SEARCHES_OF_GP < num_searches("ehvi x 960", 20) == 20
