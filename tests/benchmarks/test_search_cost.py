"""What the comparison of search methods rests on, checked on the shipped table."""

import math
from pathlib import Path

import optuna
import pytest
import search_cost
from optuna.distributions import BaseDistribution, IntDistribution
from search_cost import METHODS, ParetoMutation, at, cost_of, load

from nas.statistics.pareto import nondominated

TABLE = Path(__file__).parents[2] / "tables" / "tabular-text.jsonl"


SMALL = [name for name, (_, options) in METHODS.items() if "num_trials" not in options]


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if "GP" in name else ()) for name in SMALL])
def test_every_method_pays_for_what_it_trains_and_is_judged_by_the_truth(name: str) -> None:
    make, options = METHODS[name]
    num_trials = 32 if name == "MO-ASHA" else 8  # of which one reaches the last rung
    search = make(TABLE, None, 0, num_trials=num_trials, **options)
    assert len(search.num_chosen) == len(search.curve)
    spent = [flops for flops, _ in search.curve]
    assert spent == sorted(spent) and spent[0] > 0
    assert all(0 <= share <= 1 for _, share in search.curve)
    assert search.tau is not None and -1 <= search.tau <= 1
    assert make(TABLE, None, 0, num_trials=num_trials, **options) == search


def test_the_whole_front_is_worth_everything_and_the_worst_pattern_nothing() -> None:
    _, _, truth = load(TABLE, None)
    ids = list(truth.values)
    points = [truth.values[identity] for identity in ids]
    front = [ids[index] for index in nondominated(points)]
    assert truth.share(front) == pytest.approx(1)
    assert truth.share(ids) == pytest.approx(1)
    assert 0 < truth.share(front[:1]) < 1
    assert truth.share([max(ids, key=lambda identity: truth.values[identity][1])]) == 0  # at the reference point
    assert truth.tau({identity: truth.values[identity][0] for identity in ids}) == pytest.approx(1)


def test_what_is_reached_must_be_kept() -> None:
    curve = [(1.0, 0.2), (2.0, 0.96), (3.0, 0.9), (4.0, 0.97), (5.0, 0.99)]
    assert [at(curve, spent) for spent in (0.5, 1.0, 2.5, 9.0)] == [0.0, 0.2, 0.96, 0.99]
    assert cost_of(curve, 0.95) == 4.0 and cost_of(curve, 0.9) == 2.0
    assert math.isinf(cost_of(curve, 0.995))


def test_pareto_mutation_draws_one_value_of_a_parent_on_the_front_anew() -> None:
    study = optuna.create_study(directions=["minimize", "minimize"])
    spread: dict[str, BaseDistribution] = {name: IntDistribution(0, 99) for name in "abc"}
    known = [((1.0, 1.0), 10), ((2.0, 0.5), 20), ((3.0, 3.0), 30), ((4.0, 4.0), 40)]
    for values, number in known:
        study.add_trial(optuna.create_trial(params=dict.fromkeys("abc", number), distributions=spread, values=values))
    parents = set()
    for seed in range(40):
        study.sampler = ParetoMutation(seed)
        params = study.ask(spread).params
        own = {number for _, number in known if sum(value == number for value in params.values()) >= 2}
        assert len(own) == 1
        parents |= own
    assert parents == {10, 20}


def test_an_epsilon_net_takes_far_points_first() -> None:
    points = [(0.0, 4.0), (1.0, 3.0), (4.0, 0.0), (9.0, 9.0)]
    assert search_cost._epsilon_net(points) == [0, 2, 1, 3]
