"""What our own sampler adds to the contract of all samplers, which stands in test_ask.py."""

import numpy as np
import pytest
from msgspec.structs import replace

from nas.errors import PatternError
from nas.results.proposal import Suggestion
from nas.search.modelling.features import feature_names, pattern_features
from nas.search.samplers.ask import Asker
from nas.search.samplers.ask_context import SpaceView
from nas.search.samplers.catalog import SAMPLERS
from nas.search.samplers.ehvi import _reference
from nas.search.samplers.evidence import evidence_of
from nas.search.samplers.observation import Observation
from nas.search.samplers.optuna_trial import TrialSuggester, suggestion_of
from nas.search.samplers.outlook import LEAST_TRAINED, outlook_of
from nas.search_spaces.everything import Everything
from nas.search_spaces.hybrid import Hybrid
from nas.space.random_suggester import RandomSuggester
from nas.space.space import Shape
from nas.statistics.pareto import hypervolume
from nas.statistics.ranks import Direction

SHAPE = Shape(num_layers=2, num_heads=4, num_tokens=64, causal=True)
OBJECTIVES: list[Direction] = ["minimize", "minimize"]


def features_of(pattern):
    return dict(zip(feature_names(2, 64), pattern_features([pattern], 64)[0], strict=True))


def share(pattern):
    """A cost: about the share of keys that are seen."""
    features = features_of(pattern)
    return float(2 ** ((features["layer0.log2_keys"] + features["layer1.log2_keys"]) / 2) / 32.5)


def quality(pattern):
    """An invented quality: reach is good, and a wide first layer is not."""
    features = features_of(pattern)
    return float(3.0 - features["layer1.reach"] + 0.1 * features["layer0.log2_keys"])


def view_of(space, over_budget=lambda pattern: False, refuse=lambda pattern: False):
    def sample(suggest):
        pattern = space.sample(suggest, SHAPE)
        if refuse(pattern):
            raise PatternError("pattern", "must be another one", pattern.id)
        return pattern

    return SpaceView(
        sample=sample,
        costs=lambda pattern: (share(pattern),),
        over_budget=over_budget,
        identity=lambda pattern: pattern.id,
        features=lambda patterns: pattern_features(patterns, 64),
        expected=None,
        rungs=(100, 200, 400),
    )


def answer_to(suggestion, pattern, rungs=1, num_rungs=1):
    value, cost = quality(pattern), share(pattern)
    curve = [value + 0.5**rung if rung < rungs else None for rung in range(num_rungs)]
    return Observation(suggestion, (value, cost), {"trained": 0.0}, pattern, (cost,), (tuple(curve),))


def search(sampler, view, seed, num_trials, **told):
    asker = Asker(SAMPLERS[sampler], seed, OBJECTIVES, view)
    known: list[Observation] = []
    while len(known) < num_trials:
        trial = asker.ask(known)
        pattern = view.sample(TrialSuggester(trial))
        known.append(answer_to(suggestion_of(trial), pattern, **told))
    return known


def volume(known):
    return hypervolume([observation.values for observation in known], (4.0, 1.1))


def test_it_finds_a_wider_front_than_chance():
    view = view_of(Hybrid())
    ours, chance = (volume(search(sampler, view, 0, 16)) for sampler in ("ehvi", "random"))
    assert ours > chance


@pytest.mark.parametrize("space", [Hybrid(), Everything()])
def test_every_suggestion_is_a_new_pattern(space):
    known = search("ehvi", view_of(space), 0, 12)
    assert len({observation.pattern.id for observation in known}) == 12


def test_budgets_are_kept_and_impossible_patterns_avoided():
    view = view_of(
        Hybrid(), over_budget=lambda pattern: share(pattern) > 0.3, refuse=lambda pattern: share(pattern) < 0.1
    )
    costs = [share(observation.pattern) for observation in search("ehvi", view, 0, 10)]
    assert min(costs) >= 0.1 and max(costs) <= 0.3


def test_baselines_are_known_and_stand_on_the_front():
    """They fill the random start, and what they show is not asked for again."""
    view = view_of(Hybrid())
    baselines = [
        answer_to(Suggestion(), view.sample(RandomSuggester(seed))) for seed in range(100, 100 + LEAST_TRAINED)
    ]
    patterns = [
        view.sample(TrialSuggester(Asker(SAMPLERS["ehvi"], 0, OBJECTIVES, view).ask([], told)))
        for told in (baselines, baselines[1:])
    ]
    assert patterns[0] != patterns[1]
    assert patterns[0].id not in {observation.pattern.id for observation in baselines}


def test_patterns_worse_than_every_baseline_are_not_looked_for():
    """The cheapest pattern known is far worse than all baselines; a little cheaper ones, as bad, would gain nothing."""
    view = view_of(Hybrid())
    known = search("random", view, 0, 12)
    cheapest = min(known, key=lambda one: one.costs)
    told = [
        replace(one, values=(9.0, one.costs[0]), rung_values=((9.0,),)) if one is cheapest else one for one in known
    ]
    baselines = [answer_to(Suggestion(), view.sample(RandomSuggester(seed))) for seed in range(100, 104)]
    outlooks = [
        outlook_of(evidence_of([*some, *told], view.identity), view.features, view.rungs[:1])
        for some in ([], baselines)
    ]
    bounds = []
    for outlook in outlooks:
        known_points = np.column_stack([outlook.models.values[0, :, 0], outlook.models.costs])
        bounds.append(_reference(known_points, len(known_points), outlook.models.floor))
    worst = max(one.rung_values[0][0] for one in baselines)
    assert bounds[0][0] > 9.0 and worst < bounds[1][0] < worst + 0.2
    assert outlooks[0].models.floor.tolist() == [np.inf]


def test_running_trials_and_early_rungs_are_told():
    view = view_of(Hybrid())
    known = search("random", view, 0, 12, rungs=3, num_rungs=3)
    early = [
        replace(observation, rung_values=((observation.rung_values[0][0], None, None),)) for observation in known[6:]
    ]
    running = [replace(early[-1], values=None, constraints={}, rung_values=((None, None, None),))]
    for told in (known, known[:6] + early, known[:6] + early[:-1] + running):
        patterns = [
            view.sample(TrialSuggester(Asker(SAMPLERS["ehvi"], 0, OBJECTIVES, view).ask(told))) for _ in range(2)
        ]
        assert patterns[0] == patterns[1]
        assert patterns[0].id not in {observation.pattern.id for observation in told}


def test_two_measured_objectives_are_weighed():
    view = view_of(Hybrid())
    known = [
        replace(
            observation,
            values=(*observation.values, 1.0),
            rung_values=(*observation.rung_values, (observation.values[0] ** 2,)),
        )
        for observation in search("random", view, 0, 10)
    ]
    trial = Asker(SAMPLERS["ehvi"], 0, [*OBJECTIVES, "minimize"], view).ask(known)
    assert view.sample(TrialSuggester(trial)).id not in {observation.pattern.id for observation in known}


def test_without_a_new_pattern_it_draws_at_random():
    view = view_of(Hybrid())
    known = search("random", view, 0, 8)
    ids = {observation.pattern.id for observation in known}
    narrow = view_of(Hybrid(), over_budget=lambda pattern: pattern.id not in ids)
    trial = Asker(SAMPLERS["ehvi"], 0, OBJECTIVES, narrow).ask(known)
    assert narrow.sample(TrialSuggester(trial)).num_layers == 2


def test_parameters_are_asked_for_as_they_were_suggested():
    """Optuna would draw a parameter at random, and warn, whose distribution is another."""
    view = view_of(Everything())
    known = search("random", view, 0, 8)
    trial = Asker(SAMPLERS["ehvi"], 0, OBJECTIVES, view).ask(known)
    view.sample(TrialSuggester(trial))
    frozen = trial.study.get_trials()[trial.number]
    assert frozen.params == trial.relative_params
    assert frozen.distributions == trial.relative_search_space
