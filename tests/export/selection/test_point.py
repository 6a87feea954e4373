"""A pattern to export, with its provenance."""

from msgspec.structs import replace

from nas.costs.counting import count_cost
from nas.costs.target import proxy_target
from nas.export import choose_trial
from nas.results.trial import TrialState
from tests.fronts import make_trial


def test_a_trial_that_is_not_on_the_front_is_compared_with_the_studys_full_attention(front):
    target = proxy_target(num_layers=1, num_heads=2, num_tokens=32)
    [full], some = front.baselines, front.points[0].pattern
    full_cost, cost = count_cost(full.pattern, target), count_cost(some, target)
    trial = make_trial(7, TrialState.FINISHED, pattern=some, cost=cost)
    exported = choose_trial(replace(front, baselines=(replace(full, cost=full_cost),)), 7, [trial]).provenance
    assert exported.cost == cost
    assert exported.ratio_to_full == cost.ratio_to(full_cost)


def test_without_full_attention_no_share_of_it_is_given(front):
    trial = make_trial(7, TrialState.FINISHED, pattern=front.points[0].pattern, cost=front.points[0].cost)
    assert choose_trial(replace(front, baselines=()), 7, [trial]).provenance.ratio_to_full == {}
