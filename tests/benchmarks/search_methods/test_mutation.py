"""The evolutionary sampler that the product is compared with."""

import optuna
from optuna.distributions import BaseDistribution, IntDistribution
from search_methods.mutation import ParetoMutation


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
