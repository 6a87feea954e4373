"""The first patterns are the best predicted ones within their budgets, and as many as there are budgets."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nas.patterns.model import ModelPattern
from nas.search.modelling.features import head_features, local_keys, pattern_features
from nas.search.samplers.ask_context import SpaceView
from nas.search.samplers.candidates import draw_candidates
from nas.search.samplers.first_patterns import BUDGETS, choose_first
from nas.search_spaces.by_sensitivity import BySensitivity
from nas.space.sensitivity import Sensitivity
from nas.space.space import Shape
from tests.surveys import made_survey

LAYERS, HEADS, N = 6, 3, 256
SENSITIVITY = Sensitivity(made_survey(LAYERS, HEADS, N))
SHAPE = Shape(num_layers=LAYERS, num_heads=HEADS, num_tokens=N, causal=True, weighted=True, sensitivity=SENSITIVITY)


def share_of_pairs(pattern: ModelPattern) -> float:
    return float((2 ** head_features([pattern], N)).mean() / (N + 1) * 2)


def expected(patterns: Sequence[ModelPattern]) -> NDArray[np.float64]:
    return SENSITIVITY.effects(local_keys(patterns, N))


def view(*, surveyed: bool = True) -> SpaceView:
    return SpaceView(
        sample=lambda suggest: BySensitivity().sample(suggest, SHAPE),
        costs=lambda pattern: (share_of_pairs(pattern),),
        over_budget=lambda pattern: False,
        identity=SHAPE.identity,
        features=lambda patterns: pattern_features(patterns, N),
        expected=expected if surveyed else None,
        rungs=(0,),
    )


def test_each_budget_has_the_pattern_that_is_predicted_to_lose_least() -> None:
    for number, budget in enumerate(BUDGETS[:4]):
        chosen = choose_first(view(), frozenset(), number, seed=1)
        assert chosen is not None and chosen.costs[0] <= budget
        others = draw_candidates(view(), (), frozenset(), 400, 800, seed=2)
        within = [each.pattern for each in others if each.costs[0] <= budget]
        ours = expected([chosen.pattern])[0]
        beaten = [(expected([other])[0] >= ours).any() for other in within]
        assert len(within) > 2 and np.mean(beaten) > 0.95  # nearly no other draw is better in both losses


def test_what_is_known_is_not_chosen_again() -> None:
    first = choose_first(view(), frozenset(), 0, seed=1)
    assert first is not None
    again = choose_first(view(), frozenset([SHAPE.identity(first.pattern)]), 0, seed=1)
    assert again is not None and SHAPE.identity(again.pattern) != SHAPE.identity(first.pattern)


def test_there_are_as_many_as_budgets_and_none_without_a_survey() -> None:
    assert choose_first(view(), frozenset(), len(BUDGETS), seed=1) is None
    assert choose_first(view(surveyed=False), frozenset(), 0, seed=1) is None
